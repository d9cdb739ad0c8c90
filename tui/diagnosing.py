"""From a run, a log file or a folder of logs to its diagnosis, with what was tried against it before.

Invariant: a log is read once, in one pass, and only read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..planner.diagnosis.diagnose import diagnose
from ..planner.diagnosis.hypothesis import Diagnosis
from ..planner.diagnosis.ledger import Advice, advise
from ..planner.diagnosis.log import Log, read
from ..planner.diagnosis.of_run import diagnose_run
from ..planner.diagnosis.ranks.folder import LOG_SUFFIXES, read_folder
from ..planner.diagnosis.ranks.verdict import of_ranks
from ..runtime.guard import REPORT
from ..store import Store
from ..store.records import Run
from .output import CommandError

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
    log = Log((), 0) if _is_too_long(run.log_path, most_bytes) else _read(run.log_path)
    experiment = store.experiments.get(run.experiment_id)
    name = experiment.module or str(experiment.script)
    return Subject(name, diagnose_run(run, log, reports, series), run, log.total)


def of_path(path: Path) -> Subject:
    """A log file, or the folder of a job: logs, stacks and dumps of its ranks. Nothing of it need be ours."""
    try:
        if path.is_dir():
            return _of_folder(path)
        log = _read(path, must_exist=True)
    except OSError as error:
        raise CommandError("log", f"{path} cannot be read: {error.strerror}.", "Name a log file or a run.") from error
    return Subject(str(path.absolute()), diagnose(log), lines=log.total)


def _of_folder(path: Path) -> Subject:
    job = read_folder(path)
    if job.is_empty:
        looked = f"Looked for {', '.join(sorted(LOG_SUFFIXES))}, flight-recorder dumps and stacks."
        raise CommandError("log", f"{path} holds no logs.", looked)
    diagnosis = diagnose(job.log, of_ranks(job.ranks))
    ruled_out = (*diagnosis.ruled_out, *(f"not read: {words}" for words in job.skipped))
    return Subject(str(path.absolute()), replace(diagnosis, ruled_out=ruled_out), lines=job.log.total)


def _read(path: Path, *, must_exist: bool = False) -> Log:
    try:
        with path.open("rb") as stream:
            return read(stream)
    except FileNotFoundError:
        if must_exist:
            raise
        return Log((), 0)


def _is_too_long(path: Path, most_bytes: int | None) -> bool:
    try:
        return most_bytes is not None and path.stat().st_size > most_bytes
    except OSError:
        return False
