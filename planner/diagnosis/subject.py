"""From a run or a log to its diagnosis, with what was tried against it before.

Invariant: a log is read once, in one pass, and only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...runtime.guard import REPORT
from ...store import Store
from ...store.records import Run
from .hypothesis import Diagnosis
from .ledger import Advice, advise
from .log import Log, read
from .of_run import diagnose_run

REPORTS = ("crash", "end", "loops", "note", "ranks", REPORT)
MOST_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What is diagnosed, with the result."""

    name: str
    """What remedies are remembered by: the script of a run, the path of a log."""
    diagnosis: Diagnosis
    run: Run | None = None
    lines: int = 0

    def advice(self, store: Store | None) -> Advice | None:
        """What to try next; ``None`` when nothing is wrong."""
        cause = self.diagnosis.cause
        if cause is None:
            return None
        return advise(cause, () if store is None else store.remedies.tried(self.name, cause.fingerprint))


def of_run(store: Store, run: Run, *, most_bytes: int | None = None) -> Subject:
    """A run of ours; with ``most_bytes`` a longer log is left out."""
    reports = {kind: report for kind in REPORTS if (report := store.reports.get(run.id, kind)) is not None}
    series = {
        name: store.metrics.series(run.id, name, max_points=MOST_POINTS)
        for name in store.metrics.names(run.id)
        if "loss" in name
    }
    log = Log((), 0) if _is_too_long(run.log_path, most_bytes) else _of_own_log(run.log_path)
    experiment = store.experiments.get(run.experiment_id)
    name = experiment.module or str(experiment.script)
    return Subject(name, diagnose_run(run, log, reports, series), run, log.total)


def _of_own_log(path: Path) -> Log:
    try:
        with path.open("rb") as stream:
            return read(stream)
    except FileNotFoundError:
        return Log((), 0)


def _is_too_long(path: Path, most_bytes: int | None) -> bool:
    try:
        return most_bytes is not None and path.stat().st_size > most_bytes
    except OSError:
        return False
