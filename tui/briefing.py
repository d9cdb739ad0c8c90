"""From what a person names as a task to its brief.

Invariant: this is the only place that knows how a source is read.
"""

from __future__ import annotations

from pathlib import Path

from ..planner.reading.brief import Brief
from ..planner.reading.document import ReadingError
from ..planner.reading.from_json import NotABriefError, brief_from_json
from ..planner.reading.reading import read_brief
from .output import CommandError


def brief_of(path: Path) -> Brief:
    """The brief of a task or paper, or one that was written as JSON."""
    if path.suffix.lower() != ".json":
        return read(path)
    try:
        return brief_from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError("task", f"{path} cannot be read: {error.strerror}.", "Name a task or a paper.") from error
    except (NotABriefError, UnicodeDecodeError) as error:
        raise CommandError(
            "task", f"{path} is no brief: {error}.", "Give what `mlintern read PAPER --json` prints."
        ) from error


def read(path: Path) -> Brief:
    """The brief of a task or paper in any form that is read."""
    try:
        return read_brief(path)
    except ReadingError as error:
        raise CommandError(f"paper.{error.code}", str(error), error.hint) from error
