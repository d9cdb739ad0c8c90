"""Proposing an edit: checked, kept, and nothing written.

Invariant: whoever proposes (a person, the rules, a model) comes through here; what cannot be is a refusal with why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...store import Store
from .patch import PatchError, changed_files
from .proposal import PROPOSED, FileEdit, Proposal, proposal
from .workspace import EditError, place_of, read_text

MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class Workspace:
    """A project whose files may be proposed to be changed, and where that is kept."""

    store: Store
    root: Path
    """Absolute, and itself no link."""
    by: str = "person"

    @classmethod
    def of(cls, store: Store, folder: Path, by: str = "person") -> Workspace:
        """The project in a folder, as the file system really has it."""
        return cls(store, folder.resolve(), by)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no proposal."""

    reason: str


def propose(workspace: Workspace, path: str, old: str, new: str, reason: str) -> Proposal | Refusal:
    """Propose to put ``new`` where ``old`` stands, which must be one place of the file. Never raises for bad input."""
    try:
        text = read_text(workspace.root, path)
        times = text.count(old) if old else 0
        if times != 1:
            often = "not" if times == 0 else f"{times} times"
            return Refusal(f"the old text stands {often} in {path}: quote one place of it exactly")
        return _keep(workspace, {path: (text, text.replace(old, new))}, reason)
    except EditError as error:
        return Refusal(str(error))


def propose_text(workspace: Workspace, path: str, before: str, after: str, reason: str) -> Proposal | Refusal:
    """Propose another text for a whole file, which must still hold ``before``."""
    try:
        if read_text(workspace.root, path) != before:
            return Refusal(f"{path} changed meanwhile: look at it again")
        return _keep(workspace, {path: (before, after)}, reason)
    except EditError as error:
        return Refusal(str(error))


def propose_patch(workspace: Workspace, patch: str, reason: str) -> Proposal | Refusal:
    """Propose what a unified diff says, of one file or of several."""
    try:
        return _keep(workspace, changed_files(patch, lambda path: read_text(workspace.root, path)), reason)
    except (EditError, PatchError) as error:
        return Refusal(str(error))


def _keep(workspace: Workspace, texts: Mapping[str, tuple[str, str]], reason: str) -> Proposal | Refusal:
    files = [FileEdit(place_of(workspace.root, path)[1], *both) for path, both in texts.items() if both[0] != both[1]]
    if not files:
        return Refusal("it changes nothing")
    if any("\0" in one.after or not _is_text(one.after) for one in files):
        return Refusal("what it would write is no text")
    if not reason.strip():
        return Refusal("it says not why: give a reason, which stays on record")
    rows = [{"path": one.path, "before": one.before, "after": one.after} for one in files]
    event = workspace.store.events.append(
        PROPOSED, root=str(workspace.root), reason=reason.strip()[:MOST_REASON], by=workspace.by, files=rows
    )
    return proposal(workspace.store, event.id)


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
