"""From what a person names as a task to its checklist.

Invariant: this is the only place that knows how a source is read; what a person confirmed of the same bytes is taken
up.
"""

from __future__ import annotations

from pathlib import Path

from ..planner import briefs
from ..planner.reading.checklist import Checklist
from ..planner.reading.document import ReadingError
from ..planner.reading.from_json import NotABriefError, checklist_from_json
from ..planner.reading.reading import read_brief
from ..store import DATABASE_NAME, Store
from .output import CommandError


def read(path: Path) -> Checklist:
    """The checklist of a task or paper in any form that is read, or of a brief in JSON; nothing is answered yet,
    but for what stands in the JSON.
    """
    if path.suffix.lower() == ".json":
        return _from_json(path)
    try:
        return Checklist(read_brief(path))
    except ReadingError as error:
        raise CommandError(f"paper.{error.code}", str(error), error.hint) from error


def known(path: Path, home: Path) -> Checklist:
    """The same, with what was confirmed of it before; the store is only looked at where there is one."""
    checklist = read(path)
    if not (home / DATABASE_NAME).exists():
        return checklist
    with Store.open(home, create=False) as store:
        return taken_up(store, path, checklist)


def taken_up(store: Store, path: Path, checklist: Checklist) -> Checklist:
    """What was confirmed last of this source, else the checklist as it is."""
    return briefs.last_confirmed(store, briefs.digest(path)) or checklist


def _from_json(path: Path) -> Checklist:
    try:
        return checklist_from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError("task", f"{path} cannot be read: {error.strerror}.", "Name a task or a paper.") from error
    except (NotABriefError, UnicodeDecodeError) as error:
        raise CommandError(
            "task", f"{path} is no brief: {error}.", "Give what `mlintern read PAPER --json` prints."
        ) from error
