"""Confirmations and the runs that each is made of.

Invariant: a repeat and its run come in one transaction, so that each run of a confirmation is known to it from its
first moment; what is to be claimed stands before the first of them and is never changed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict, Unpack

from .area import Area
from .codec import Shape
from .errors import NotFound
from .records import Interval, Json


class ConfirmationStatus(StrEnum):
    """Where a confirmation stands. One that is interrupted goes on where it stood, within what was approved."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by a person, or by its ceiling
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether no more runs start."""
        return self is not ConfirmationStatus.RUNNING


class Purpose(StrEnum):
    """What a run of a confirmation is for."""

    SEED = "seed"
    BASELINE = "baseline"
    AGAIN = "again"  # the first seed once more, to see whether the same comes out
    INTERRUPTED = "interrupted"  # the first seed, stopped on its way
    RESUMED = "resumed"  # the interrupted one, taken up again


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A chosen configuration on fresh seeds: what is to be claimed of it, and what a person approved for that."""

    id: int
    experiment_id: int
    """The chosen configuration."""
    approval_id: int
    chosen_run_id: int
    """The run by which it was chosen; its value is in no mean."""
    against_run_id: int | None
    """A run of the baseline, which is repeated with the same seeds."""
    status: ConfirmationStatus
    why: str | None
    metric: str
    """As the store names it, such as ``printed/test accuracy``."""
    target: float | None
    target_says: str | None
    """Where the target comes from: a person, or the words of a paper."""
    seed_flag: str
    seeds: tuple[int, ...]
    """Never used before."""
    checks: tuple[str, ...]
    """``again`` and ``resumed``, where the script can."""
    resume_flag: str | None
    looked_at: int
    """Among how many configurations this one was chosen by looks at the metric's rows, by the store's own count."""
    ceiling_seconds: float
    """What all its runs together may take."""
    run_seconds: Interval
    differences: tuple[str, ...]
    """How code, data and interpreter differ from what was recorded at the chosen run."""
    created_at: float
    ended_at: float | None = None
    conductor_pid: int | None = None
    conductor_started: float | None = None
    summary: Json | None = None
    """What its runs allow to say, as :mod:`planner.confirm.summary` wrote it."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """One run of a confirmation."""

    id: int
    confirmation_id: int
    number: int
    purpose: Purpose
    seed: int
    args: tuple[str, ...]
    """The script's whole command line."""
    run_id: int
    created_at: float


_CONFIRMATION = Shape(Confirmation)
_REPEAT = Shape(Repeat)


class ConfirmationChanges(TypedDict, total=False):
    """What may change after a confirmation was approved."""

    status: ConfirmationStatus
    why: str | None
    ended_at: float | None
    conductor_pid: int | None
    conductor_started: float | None
    summary: Json | None


class Confirmations(Area):
    """The confirmations, oldest first by id."""

    def add(
        self,
        *,
        experiment_id: int,
        approval_id: int,
        chosen_run_id: int,
        against_run_id: int | None,
        metric: str,
        target: float | None,
        target_says: str | None,
        seed_flag: str,
        seeds: Sequence[int],
        checks: Sequence[str],
        resume_flag: str | None,
        looked_at: int,
        ceiling_seconds: float,
        run_seconds: Interval,
        differences: Sequence[str],
    ) -> Confirmation:
        """Remember a confirmation that was approved."""
        confirmation_id = self._database.insert(
            "confirmations",
            {
                "experiment_id": experiment_id,
                "approval_id": approval_id,
                "chosen_run_id": chosen_run_id,
                "against_run_id": against_run_id,
                "status": ConfirmationStatus.RUNNING,
                "metric": metric,
                "target": target,
                "target_says": target_says,
                "seed_flag": seed_flag,
                "seeds": tuple(seeds),
                "checks": tuple(checks),
                "resume_flag": resume_flag,
                "looked_at": looked_at,
                "ceiling_seconds": ceiling_seconds,
                "run_seconds": run_seconds,
                "differences": tuple(differences),
                "created_at": time.time(),
            },
        )
        return self.get(confirmation_id)

    def get(self, confirmation_id: int) -> Confirmation:
        """The confirmation with this id."""
        row = self._database.row(
            f"SELECT {_CONFIRMATION.columns} FROM confirmations WHERE id = ?", (confirmation_id,)
        )
        if row is None:
            raise NotFound(f"There is no confirmation {confirmation_id}.")
        return _CONFIRMATION.load(row)

    def for_experiment(self, experiment_id: int) -> tuple[Confirmation, ...]:
        """Every confirmation of an experiment, oldest first."""
        rows = self._database.rows(
            f"SELECT {_CONFIRMATION.columns} FROM confirmations WHERE experiment_id = ? ORDER BY id", (experiment_id,)
        )
        return tuple(map(_CONFIRMATION.load, rows))

    def recent(self, limit: int = 20) -> tuple[Confirmation, ...]:
        """The latest confirmations, newest first."""
        rows = self._database.rows(
            f"SELECT {_CONFIRMATION.columns} FROM confirmations ORDER BY id DESC LIMIT ?", (limit,)
        )
        return tuple(map(_CONFIRMATION.load, rows))

    def update(self, confirmation_id: int, **changes: Unpack[ConfirmationChanges]) -> Confirmation:
        """Change how a confirmation stands; what was approved stays."""
        unknown = changes.keys() - ConfirmationChanges.__annotations__.keys()
        if unknown:
            raise TypeError(f"a confirmation has no changeable field {', '.join(sorted(unknown))}")
        self._database.update("confirmations", confirmation_id, changes)
        return self.get(confirmation_id)

    def add_repeat(
        self, *, confirmation_id: int, purpose: Purpose, seed: int, args: Sequence[str], run_id: int
    ) -> Repeat:
        """Remember a run that is about to start."""
        with self._database.transaction():
            number = 1 + self._database.number(
                "SELECT max(number) FROM repeats WHERE confirmation_id = ?", (confirmation_id,)
            )
            self._database.insert(
                "repeats",
                {
                    "confirmation_id": confirmation_id,
                    "number": number,
                    "purpose": purpose,
                    "seed": seed,
                    "args": tuple(args),
                    "run_id": run_id,
                    "created_at": time.time(),
                },
            )
        return self.repeats(confirmation_id)[-1]

    def repeats(self, confirmation_id: int) -> tuple[Repeat, ...]:
        """Every run of a confirmation, in the order in which they began."""
        rows = self._database.rows(
            f"SELECT {_REPEAT.columns} FROM repeats WHERE confirmation_id = ? ORDER BY number", (confirmation_id,)
        )
        return tuple(map(_REPEAT.load, rows))

    def repeat_of_run(self, run_id: int) -> Repeat | None:
        """What a run is for, where it belongs to a confirmation."""
        row = self._database.row(f"SELECT {_REPEAT.columns} FROM repeats WHERE run_id = ?", (run_id,))
        return _REPEAT.load(row) if row else None
