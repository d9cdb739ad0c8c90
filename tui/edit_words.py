"""Proposed edits in words and as JSON.

Invariant: a file's text leaves here without control codes; the diff in JSON is the diff, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..planner.edits.hunks import unified
from ..planner.edits.proposal import Proposal, State
from ..store.records import Experiment
from .text import clean

SIGNS = {State.PROPOSED: "?", State.APPLIED: "✓", State.UNDONE: "↶", State.DECLINED: "–"}


def headline(one: Proposal) -> str:
    """One edit on one line."""
    files = ", ".join(file.path for file in one.files)
    count = one.hunk_count
    return clean(f"edit {one.id}, {one.state}, by {one.by}: {files}, {count} hunk{'' if count == 1 else 's'}")


def lines(one: Proposal) -> Iterator[str]:
    """An edit with its diff; the hunks are numbered as `apply --hunks` takes them."""
    yield headline(one)
    yield clean(f"project: {one.root}")
    yield clean(f"why: {one.reason}")
    number = 0
    for file in one.files:
        for line in unified(file.path, file.hunks):
            if line.startswith("@@"):
                number += 1
                yield f"{line} hunk {number}"
            else:
                yield clean(line)


def next_words(climbs: Iterable[Experiment]) -> str:
    """What an applied edit means for the ladder."""
    names = ", ".join(clean(one.name) for one in climbs)
    return f"{names} climbs again from static, the lowest rung" if names else "no known experiment has these files"


def content(one: Proposal) -> dict[str, Any]:
    """The JSON form."""
    return {
        "id": one.id,
        "state": str(one.state),
        "project": str(one.root),
        "reason": one.reason,
        "by": one.by,
        "hunks": one.hunk_count,
        "files": [
            {"path": file.path, "diff": "\n".join(unified(file.path, file.hunks)) + "\n"} for file in one.files
        ],
    }
