"""From a run, a log file or a folder of logs to its diagnosis, with what was tried against it before.

Invariant: a log is read once, in one pass, and only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..planner.diagnosis.diagnose import diagnose
from ..planner.diagnosis.hypothesis import Diagnosis
from ..planner.diagnosis.ledger import Advice, advise
from ..planner.diagnosis.log import Log, joined, read
from ..planner.diagnosis.of_run import diagnose_run
from ..runtime.guard import REPORT
from ..store import Store
from ..store.records import Run
from .output import CommandError

REPORTS = ("crash", "end", "loops", "note", REPORT)
_LOG_SUFFIXES = {".log", ".out", ".err", ".txt", ".stdout", ".stderr"}
_LOG_NAMES = {"stdout", "stderr", "log"}
MOST_FILES = 200
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
    """A log file, or all logs of a folder, of a run that need not be ours."""
    try:
        log = _folder(path) if path.is_dir() else _read(path, must_exist=True)
    except OSError as error:
        raise CommandError("log", f"{path} cannot be read: {error.strerror}.", "Name a log file or a run.") from error
    return Subject(str(path.absolute()), diagnose(log), lines=log.total)


def _folder(path: Path) -> Log:
    files = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and (file.suffix in _LOG_SUFFIXES or file.name in _LOG_NAMES)
    )
    if not files:
        raise CommandError("log", f"{path} holds no logs.", f"Looked for {', '.join(sorted(_LOG_SUFFIXES))}.")
    logs = []
    for file in files[:MOST_FILES]:
        with file.open("rb") as stream:
            logs.append(read(stream, str(file.relative_to(path))))
    return joined(logs)


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
