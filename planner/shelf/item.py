"""One thing on the shelf, and a hit for some words.

Invariant: a licence is what the thing itself says, and ``None`` where it says nothing; it is never inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What a thing is."""

    DATASET = "dataset"
    CHECKPOINT = "checkpoint"
    REFERENCE = "reference implementation"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is here."""

    kind: Kind
    name: str
    path: Path
    size_bytes: int | None
    licence: str | None
    about: str
    """What it is, in a few words."""
    words: str
    """What it is found by, besides its name and its path: columns, classes, the beginning of its README."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that fits, with the words that it was found by."""

    item: Item
    why: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where was looked, and what came of it; ``note`` says why it is less than everything."""

    name: str
    path: Path | None
    items: tuple[Item, ...]
    note: str | None = None
