"""Runs: every process that was started for a rung, from before its start until after its end.

Invariant: a run that exists has a folder of its own, and its id is never given to another run.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TypedDict, Unpack

from .codec import Shape
from .errors import NotFound, unusable_folder
from .history import History
from .records import Run, RungName, RunStatus

_SHAPE = Shape(Run)


class RunChanges(TypedDict, total=False):
    """What may change while a run lives."""

    status: RunStatus
    reason: str | None
    started_at: float | None
    ended_at: float | None
    supervisor_pid: int | None
    supervisor_started: float | None
    ceiling_seconds: float | None
    exit_code: int | None
    signal: int | None
    isolation: str | None
    steps: int | None
    planned_steps: int | None
    last_loss: float | None
    wall_seconds: float | None
    cpu_seconds: float | None
    peak_host_bytes: int | None
    peak_device_bytes: int | None
    energy_joules: float | None
    usd: float | None
    gpu_seconds: float | None
    usd_per_hour: float | None
    usd_per_kwh: float | None


class Runs(History):
    """One run at a time; the history in bulk comes from :class:`History`."""

    def add(self, *, experiment_id: int, rung: RungName, ceiling_seconds: float | None, folder_root: Path) -> Run:
        """Remember a run that is about to start, and make its folder ``folder_root/runs/<id>``."""
        with self._database.transaction():
            run_id = self._database.insert(
                "runs",
                {
                    "experiment_id": experiment_id,
                    "rung": rung,
                    "status": RunStatus.STARTING,
                    "created_at": time.time(),
                    "ceiling_seconds": ceiling_seconds,
                    "folder": "",
                },
            )
            self._database.update("runs", run_id, {"folder": _new_folder(folder_root / "runs", run_id)})
        return self.get(run_id)

    def get(self, run_id: int) -> Run:
        """The run with this id."""
        row = self._database.row(f"SELECT {_SHAPE.columns} FROM runs WHERE id = ?", (run_id,))
        if row is None:
            raise NotFound(f"There is no run {run_id}.", "`mlintern history` lists what there is.")
        return _SHAPE.load(row)

    def update(self, run_id: int, **changes: Unpack[RunChanges]) -> Run:
        """Change fields of a run."""
        unknown = changes.keys() - RunChanges.__annotations__.keys()
        if unknown:
            raise TypeError(f"a run has no changeable field {', '.join(sorted(unknown))}")
        self._database.update("runs", run_id, changes)
        return self.get(run_id)

    def unfinished(self) -> tuple[Run, ...]:
        """Every run that is not over, as far as anyone has recorded; oldest first."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM runs WHERE status IN (?, ?) ORDER BY id",
            (RunStatus.STARTING, RunStatus.RUNNING),
        )
        return tuple(map(_SHAPE.load, rows))

    def for_experiment(self, experiment_id: int) -> tuple[Run, ...]:
        """Every run of an experiment, oldest first."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM runs WHERE experiment_id = ? ORDER BY id", (experiment_id,)
        )
        return tuple(map(_SHAPE.load, rows))


def _new_folder(parent: Path, run_id: int) -> Path:
    """A folder that did not exist: one left from a database that is gone keeps its log."""
    folder, attempt = parent / str(run_id), 1
    while True:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            attempt += 1
            folder = parent / f"{run_id}-{attempt}"
        except OSError as error:
            raise unusable_folder(folder, error) from error
        else:
            return folder
