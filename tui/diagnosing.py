"""From a log file or a folder of logs that a person names to its diagnosis.

Invariant: a log is read once, in one pass, and only read.
"""

from __future__ import annotations

from pathlib import Path

from ..planner.diagnosis.diagnose import diagnose
from ..planner.diagnosis.log import Log, joined, read
from ..planner.diagnosis.subject import Subject
from .output import CommandError

_LOG_SUFFIXES = {".log", ".out", ".err", ".txt", ".stdout", ".stderr"}
_LOG_NAMES = {"stdout", "stderr", "log"}
MOST_FILES = 200


def of_path(path: Path) -> Subject:
    """A log file, or all logs of a folder, of a run that need not be ours."""
    try:
        log = _folder(path) if path.is_dir() else _read(path)
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


def _read(path: Path) -> Log:
    with path.open("rb") as stream:
        return read(stream)
