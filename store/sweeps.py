"""Sweeps and their trials.

Invariant: a trial and its run come in one transaction, so that each run of a sweep is known to it from its first
moment; a trial that ended is never changed again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from .area import Area
from .codec import Shape
from .errors import NotFound
from .records import Interval, Json, Sweep, SweepStatus, Trial, TrialState

_SWEEP = Shape(Sweep)
_TRIAL = Shape(Trial)


class SweepChanges(TypedDict, total=False):
    """What may change after a sweep was approved."""

    status: SweepStatus
    why: str | None
    ended_at: float | None
    conductor_pid: int | None
    conductor_started: float | None
    summary: Json | None


class Sweeps(Area):
    """The sweeps, oldest first by id."""

    def add(
        self,
        *,
        experiment_id: int,
        approval_id: int,
        space: Sequence[Json],
        metric: str,
        maximise: bool,
        insisted: bool,
        seeds: int,
        workers: int,
        ceiling_seconds: float,
        trial_seconds: Interval,
        setup_seconds: float,
        length: Json | None,
        seed_flag: str | None,
    ) -> Sweep:
        """Remember a sweep that was approved."""
        sweep_id = self._database.insert(
            "sweeps",
            {
                "experiment_id": experiment_id,
                "approval_id": approval_id,
                "status": SweepStatus.RUNNING,
                "space": tuple(space),
                "metric": metric,
                "maximise": maximise,
                "insisted": insisted,
                "seeds": seeds,
                "workers": workers,
                "ceiling_seconds": ceiling_seconds,
                "trial_seconds": trial_seconds,
                "setup_seconds": setup_seconds,
                "length": length,
                "seed_flag": seed_flag,
                "created_at": time.time(),
            },
        )
        return self.get(sweep_id)

    def get(self, sweep_id: int) -> Sweep:
        """The sweep with this id."""
        row = self._database.row(f"SELECT {_SWEEP.columns} FROM sweeps WHERE id = ?", (sweep_id,))
        if row is None:
            raise NotFound(f"There is no sweep {sweep_id}.")
        return _SWEEP.load(row)

    def for_experiment(self, experiment_id: int) -> tuple[Sweep, ...]:
        """Every sweep of an experiment, oldest first."""
        rows = self._database.rows(
            f"SELECT {_SWEEP.columns} FROM sweeps WHERE experiment_id = ? ORDER BY id", (experiment_id,)
        )
        return tuple(map(_SWEEP.load, rows))

    def recent(self, limit: int = 20) -> tuple[Sweep, ...]:
        """The latest sweeps, newest first."""
        rows = self._database.rows(f"SELECT {_SWEEP.columns} FROM sweeps ORDER BY id DESC LIMIT ?", (limit,))
        return tuple(map(_SWEEP.load, rows))

    def update(self, sweep_id: int, **changes: Unpack[SweepChanges]) -> Sweep:
        """Change how a sweep stands; what was approved stays."""
        unknown = changes.keys() - SweepChanges.__annotations__.keys()
        if unknown:
            raise TypeError(f"a sweep has no changeable field {', '.join(sorted(unknown))}")
        self._database.update("sweeps", sweep_id, changes)
        return self.get(sweep_id)

    def add_trial(
        self,
        *,
        sweep_id: int,
        origin: str,
        parameters: Mapping[str, object],
        length: int | None,
        seed: int | None,
        run_id: int,
    ) -> Trial:
        """Remember a trial that is about to start."""
        with self._database.transaction():
            number = self._database.number("SELECT max(number) FROM trials WHERE sweep_id = ?", (sweep_id,)) + 1
            trial_id = self._database.insert(
                "trials",
                {
                    "sweep_id": sweep_id,
                    "number": number,
                    "state": TrialState.RUNNING,
                    "origin": origin,
                    "parameters": dict(parameters),
                    "length": length,
                    "seed": seed,
                    "run_id": run_id,
                    "created_at": time.time(),
                },
            )
        return self.trial(trial_id)

    def trial(self, trial_id: int) -> Trial:
        """The trial with this id."""
        row = self._database.row(f"SELECT {_TRIAL.columns} FROM trials WHERE id = ?", (trial_id,))
        if row is None:
            raise NotFound(f"There is no trial {trial_id}.")
        return _TRIAL.load(row)

    def end_trial(
        self, trial_id: int, state: TrialState, *, value: float | None, cost_seconds: float | None, why: str | None
    ) -> Trial:
        """Say what became of a trial; one that has ended stays as it is."""
        with self._database.transaction():
            if not self.trial(trial_id).state.is_over:
                self._database.update(
                    "trials",
                    trial_id,
                    {"state": state, "value": value, "cost_seconds": cost_seconds, "why": why, "ended_at": time.time()},
                )
        return self.trial(trial_id)

    def trials(self, sweep_id: int) -> tuple[Trial, ...]:
        """Every trial of a sweep, in the order in which they began."""
        rows = self._database.rows(
            f"SELECT {_TRIAL.columns} FROM trials WHERE sweep_id = ? ORDER BY number", (sweep_id,)
        )
        return tuple(map(_TRIAL.load, rows))

    def trial_of_run(self, run_id: int) -> Trial | None:
        """The trial that a run belongs to."""
        row = self._database.row(f"SELECT {_TRIAL.columns} FROM trials WHERE run_id = ?", (run_id,))
        return _TRIAL.load(row) if row else None
