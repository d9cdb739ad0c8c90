"""A proposed edit as the store keeps it: which files become what, why, who says so, and what was decided.

Invariant: made of events alone, which never change; what holds is the last thing that was decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ...store import Store
from ...store.records import Event
from .hunks import Hunk, hunks_between
from .workspace import EditError

PROPOSED, APPLIED, UNDONE, DECLINED = "edit.proposed", "edit.applied", "edit.undone", "edit.declined"


class State(StrEnum):
    """What became of it."""

    PROPOSED = "proposed"
    APPLIED = "applied"
    UNDONE = "undone"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file: its text when the edit was proposed, and after it."""

    path: str
    """Below the project's folder."""
    before: str
    after: str

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        """Its changes."""
        return hunks_between(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The whole."""

    id: int
    at: float
    root: Path
    """The project's folder."""
    reason: str
    by: str
    """Who proposes: a person, the rules, a model."""
    files: tuple[FileEdit, ...]
    state: State = State.PROPOSED
    written: tuple[FileEdit, ...] = ()
    """What was really written, where only some hunks were taken."""

    @property
    def hunk_count(self) -> int:
        """How many hunks there are in all files."""
        return sum(len(one.hunks) for one in self.files)


def all_proposals(store: Store) -> tuple[Proposal, ...]:
    """Every proposal, newest first."""
    return _folded(store.events.newest(PROPOSED, APPLIED, UNDONE, DECLINED, limit=5000))


def proposal(store: Store, proposal_id: int) -> Proposal:
    """One of them. Raises :class:`EditError`."""
    for one in all_proposals(store):
        if one.id == proposal_id:
            return one
    raise EditError(f"there is no edit {proposal_id}: `mlintern edit list` tells what there is")


def _folded(events: Iterable[Event]) -> tuple[Proposal, ...]:
    last: dict[int, Event] = {}
    found = []
    for event in events:
        if event.kind != PROPOSED:
            last.setdefault(int(event.data["edit"]), event)
            continue
        decided = last.get(event.id)
        data = event.data
        state = State.PROPOSED if decided is None else State(decided.kind.partition(".")[2])
        written = () if decided is None else _files(decided.data.get("files", ()))
        found.append(Proposal(event.id, event.at, Path(data["root"]), str(data["reason"]), str(data["by"]),
                              _files(data["files"]), state, written))  # fmt: skip
    return tuple(found)


def _files(rows: Iterable[dict[str, str]]) -> tuple[FileEdit, ...]:
    return tuple(FileEdit(row["path"], row["before"], row["after"]) for row in rows)
