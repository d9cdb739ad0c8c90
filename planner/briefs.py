"""Briefs in the store: which were confirmed, and which one an experiment follows.

Invariant: a confirmed brief belongs to the very bytes that were read; another file is another brief.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..store import Store
from ..store.records import Experiment
from .reading.checklist import BRIEF_FILE, Checklist
from .reading.from_json import NotABriefError, checklist_from_json, checklist_of
from .reading.to_json import content

CONFIRMED = "brief.confirmed"
"""A person confirmed a checklist."""
READ = "brief.read"
"""An experiment follows a brief."""
FILE = BRIEF_FILE


def digest(path: Path) -> str:
    """The hash of a source's bytes. Raises ``OSError``."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def confirm(store: Store, checklist: Checklist, *, sha256: str, by: str) -> Checklist:
    """Take what is open as it was read, and keep it all. Raises ``ChecklistError`` while a contradiction stands."""
    whole = checklist.confirmed()
    store.events.append(CONFIRMED, source=whole.brief.source, sha256=sha256, by=by, brief=content(whole))
    return whole


def last_confirmed(store: Store, sha256: str) -> Checklist | None:
    """What was confirmed last of a source with these bytes."""
    for event in store.events.newest(CONFIRMED):
        if event.data.get("sha256") == sha256:
            return _known(event.data.get("brief"))
    return None


def take_up(store: Store, experiment: Experiment) -> None:
    """Keep the brief that the experiment's folder was written from, where it has one."""
    try:
        text = (experiment.script.parent / FILE).read_text(encoding="utf-8")
        checklist = checklist_from_json(text)
    except (OSError, UnicodeDecodeError, NotABriefError):
        return
    store.events.append(READ, experiment_id=experiment.id, **content(checklist))


def follows(store: Store, experiment: Experiment) -> bool:
    """Whether an experiment follows a brief: it is taken up when the experiment is opened, or never."""
    return any(one.kind == READ for one in store.events.after(0, experiment_id=experiment.id, limit=5))


def followed(store: Store, experiment: Experiment) -> Checklist | None:
    """The brief that an experiment follows; ``None`` where none is known."""
    found = None
    after = 0
    while events := store.events.after(after, experiment_id=experiment.id):
        after = events[-1].id
        found = next((event for event in reversed(events) if event.kind == READ), found)
    return None if found is None else _known(found.data)


def text_of(checklist: Checklist) -> str:
    """The text of the file in an experiment's folder."""
    return json.dumps({"schema": 1, **content(checklist)}, ensure_ascii=False, indent=1) + "\n"


def _known(data: object) -> Checklist | None:
    try:
        return checklist_of(data)
    except NotABriefError:
        return None
