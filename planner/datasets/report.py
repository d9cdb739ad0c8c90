"""What a first look at a data set tells.

Invariant: what was not counted is ``None``, and ``sampled`` says what was looked at when it was not everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """What the values of a column are, as far as they were read."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    CATEGORY = "category"
    TEXT = "text"
    EMPTY = "empty"


class Role(StrEnum):
    """What a column seems to be for; a guess from its name and its values."""

    ID = "id"
    TIME = "time"
    GROUP = "group"
    LABEL = "label"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Count:
    """How often a value, or a class, was seen."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    type: ColumnType
    role: Role | None
    missing: int
    distinct: int
    low: float | None
    mean: float | None
    high: float | None
    common: tuple[Count, ...]
    """Its commonest values; none where nearly every row has its own."""
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Array:
    """One array of a file, or the images of a folder as one; ``low`` to ``high`` of what was read."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    low: float | None
    mean: float | None
    high: float | None
    not_finite: int | None


@dataclass(frozen=True, slots=True)
class DataReport:
    """A first look; rows are lines of a table, images, or items of an array's first axis."""

    path: str
    form: str
    size_bytes: int
    rows: int | None
    """``None`` where the end was not reached."""
    rows_read: int
    delimiter: str | None = None
    columns: tuple[Column, ...] = ()
    arrays: tuple[Array, ...] = ()
    classes: tuple[Count, ...] = ()
    """Of the label, where one was found; the largest first."""
    splits: tuple[Count, ...] = ()
    duplicates: int | None = None
    """Rows that repeat an earlier one whole."""
    examples: tuple[str, ...] = ()
    sampled: str | None = None
    has_own_names: bool = True
    """Whether every column has a name in the file, and one that no other has."""
    warnings: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of this name."""
        return next((one for one in self.columns if one.name == name), None)

    def first(self, role: Role) -> Column | None:
        """The first column that seems to be for this."""
        return next((one for one in self.columns if one.role is role), None)


class UnreadableDataError(Exception):
    """Data that cannot be looked at: what happened, and in ``hint`` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
