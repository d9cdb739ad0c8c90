"""A log, or the folder of a job, to its diagnosis.

Invariant: a log is read once, in one pass, and only read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..planner.diagnosis.diagnose import diagnose
from ..planner.diagnosis.log import Log, read
from ..planner.diagnosis.ranks.folder import LOG_SUFFIXES, read_folder
from ..planner.diagnosis.ranks.verdict import of_ranks
from ..planner.diagnosis.subject import Subject
from .output import CommandError


def of_path(path: Path) -> Subject:
    """A log file, or the folder of a job: logs, stacks and dumps of its ranks. Nothing of it need be ours."""
    try:
        if path.is_dir():
            return _of_folder(path)
        log = _read(path)
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


def _read(path: Path) -> Log:
    with path.open("rb") as stream:
        return read(stream)
