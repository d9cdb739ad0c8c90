"""The parts of a report: a tree of typed blocks in which whatever is not fixed prose is a reference to the store.

Invariant: fixed prose holds no digit, so every number is looked up when the report is rendered; the constructor refuses
anything else.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TypeAlias


class UnreferencedNumberError(ValueError):
    """A number in prose that nothing stands behind."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One stored or derived value: ``run 12 wall_seconds``. What it is of, and how it is shown."""

    kind: str
    """Which table or derivation; see :mod:`.resolve`."""
    key: tuple[str | int, ...]
    """Which row, and which field of it."""
    shown: str = "text"
    """The unit that it is shown in: ``text``, ``number``, ``count``, ``seconds``, ``bytes``, ``usd``…"""

    def __post_init__(self) -> None:
        if not self.kind or not self.key:
            raise ValueError("a reference names what it refers to")


@dataclass(frozen=True, slots=True)
class Words:
    """Fixed prose, without any number."""

    text: str

    def __post_init__(self) -> None:
        if any(unicodedata.category(letter) in ("Nd", "Nl", "No") for letter in self.text):
            raise UnreferencedNumberError(f"“{self.text}” holds a number that is no reference to the store")


Part: TypeAlias = Words | Reference
Line: TypeAlias = tuple[Part, ...]


def line(*parts: str | Part) -> Line:
    """A line of prose and references; raises :class:`UnreferencedNumberError`."""
    return tuple(Words(part) if isinstance(part, str) else part for part in parts)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of prose."""

    parts: Line


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """What to type, for the reader to copy."""

    parts: Line


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; each cell is a line."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Line, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.head) for row in self.rows):
            raise ValueError("every row has a cell for each column")


@dataclass(frozen=True, slots=True)
class Plot:
    """Series over their steps, or forecast intervals with what came of them; drawn where pictures can be."""

    title: Words
    series: tuple[Reference, ...]
    """Each resolves to points ``[[step, value], …]`` or, for an interval, to ``{low, mid, high, actual}``."""
    names: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed, with verdict, evidence and how to check it again."""

    statement: Line
    verdict: Reference
    because: tuple[Line, ...]
    facts: tuple[tuple[Line, Reference], ...]
    beside: tuple[Line, ...]
    check: Command


Block: TypeAlias = Paragraph | Bullets | Command | Table | Plot | Claim


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: Words
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole."""

    run: int
    title: Line
    sections: tuple[Section, ...]
