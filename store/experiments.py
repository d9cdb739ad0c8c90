"""Experiments: which script, with which arguments, in which interpreter.

Invariant: what identifies an experiment never changes; only what the person declared about it does.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from .area import Area
from .codec import Shape, encode
from .errors import NotFound
from .records import Experiment

_SHAPE = Shape(Experiment)


class ExperimentChanges(TypedDict, total=False):
    """What may change after an experiment was added."""

    declared_steps: int | None
    budget_seconds: float | None
    host_limit_bytes: int | None
    disk_limit_bytes: int | None
    device_limit_bytes: int | None
    budget_gpu_seconds: float | None
    budget_joules: float | None
    budget_usd: float | None


class Experiments(Area):
    """The experiments, oldest first by id."""

    def add(
        self,
        *,
        name: str,
        script: Path,
        module: str | None,
        args: Sequence[str],
        working_dir: Path,
        python: Path,
        fingerprint: str,
        declared_steps: int | None = None,
        budget_seconds: float | None = None,
    ) -> Experiment:
        """Remember a new experiment."""
        experiment_id = self._database.insert(
            "experiments",
            {
                "name": name,
                "script": script,
                "module": module,
                "args": tuple(args),
                "working_dir": working_dir,
                "python": python,
                "fingerprint": fingerprint,
                "declared_steps": declared_steps,
                "budget_seconds": budget_seconds,
                "created_at": time.time(),
            },
        )
        return self.get(experiment_id)

    def get(self, experiment_id: int) -> Experiment:
        """The experiment with this id."""
        row = self._database.row(f"SELECT {_SHAPE.columns} FROM experiments WHERE id = ?", (experiment_id,))
        if row is None:
            raise NotFound(f"There is no experiment {experiment_id}.", "`mlintern history` lists what there is.")
        return _SHAPE.load(row)

    def find(
        self,
        *,
        script: Path,
        module: str | None,
        args: Sequence[str],
        working_dir: Path,
        python: Path,
        fingerprint: str | None = None,
    ) -> Experiment | None:
        """The latest experiment that is exactly this one, or without a fingerprint this one with whatever code."""
        values = [script, module, tuple(args), working_dir, python, *([] if fingerprint is None else [fingerprint])]
        row = self._database.row(
            f"SELECT {_SHAPE.columns} FROM experiments WHERE script = ? AND module IS ? AND args = ?"
            f" AND working_dir = ? AND python = ? {'' if fingerprint is None else 'AND fingerprint = ?'}"
            " ORDER BY id DESC LIMIT 1",
            [encode(value) for value in values],
        )
        return _SHAPE.load(row) if row else None

    def for_script(self, script: Path) -> tuple[Experiment, ...]:
        """Every experiment with a script, whatever its arguments and code, oldest first."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM experiments WHERE script = ? ORDER BY id", (encode(script),)
        )
        return tuple(map(_SHAPE.load, rows))

    def recent(self, limit: int = 20) -> tuple[Experiment, ...]:
        """The newest experiments, newest first."""
        rows = self._database.rows(f"SELECT {_SHAPE.columns} FROM experiments ORDER BY id DESC LIMIT ?", (limit,))
        return tuple(map(_SHAPE.load, rows))

    def update(self, experiment_id: int, **changes: Unpack[ExperimentChanges]) -> Experiment:
        """Change what the person declared."""
        unknown = changes.keys() - ExperimentChanges.__annotations__.keys()
        if unknown:
            raise TypeError(f"an experiment has no changeable field {', '.join(sorted(unknown))}")
        self._database.update("experiments", experiment_id, changes)
        return self.get(experiment_id)
