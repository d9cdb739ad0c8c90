"""What the flow knows of a value: the rows that it holds or was computed from, what was fitted, and what it may be.

Invariant: a value is never changed; only the things that it may be (objects of the run) have a state of their own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_WORDS = {
    TRAIN: {"train", "tr", "trn", "training"},
    VALIDATION: {"val", "valid", "validation", "dev", "eval", "vali", "va", "vl"},
    TEST: {"test", "te", "tst", "testing", "holdout", "heldout"},
}
UNSET: Any = object()
"""The constant of a value that is none."""


@dataclass(frozen=True)
class Spot:
    """A place in the code, with its text."""

    file: str
    line: int
    text: str = ""


@dataclass(eq=False)
class Rows:
    """Some rows of data: a source, or a part of other rows."""

    spot: Spot
    parent: Rows | None = None
    role: str = ""
    """What the code calls it: train, validation or test."""
    held: bool = False
    """Whether a splitter gave it as the part that is kept out of training."""
    is_noise: bool = False
    by_splitter: bool = False
    by_mask: bool = False
    """Whether a condition on the rows picked them, as for one class of them."""
    also: set[str] = field(default_factory=set)
    """Other splits that the code calls it later."""

    def line(self) -> Iterable[Rows]:
        """These rows, and all that they are a part of."""
        rows: Rows | None = self
        while rows is not None:
            yield rows
            rows = rows.parent

    @property
    def split(self) -> Rows:
        """The nearest of its line that is a split with a name or from a splitter; itself, where none is."""
        return next((rows for rows in self.line() if rows.role or rows.by_splitter), self)

    @property
    def inside_of_training(self) -> Rows | None:
        """The training part of an outer split that these rows were split off from."""
        above = self.split.parent
        return next((rows for rows in (above.line() if above else ()) if rows.by_splitter and not rows.held), None)

    @property
    def is_held_out(self) -> bool:
        split = self.split
        return split.role in (VALIDATION, TEST) or (split.held and split.role != TRAIN)


@dataclass(eq=False)
class Fit:
    """One fitting of statistics to rows."""

    spot: Spot
    rows: frozenset[Rows]
    what: str
    kind: str
    """``values``, ``selection``, ``target``, ``vocabulary``, ``range`` or ``copies``."""
    of_predictions: bool = False
    """Whether it is a mean of what a model answered, as a metric is."""

    def covers(self, split: Rows) -> bool:
        """Whether rows that it was fitted on include these and others beside them."""
        return split.parent is not None and any(one in self.rows for one in split.parent.line())


@dataclass(eq=False)
class Thing:
    """An object of the run: made by a library's callable, or an instance of a class of the user's."""

    maker: str
    spot: Spot
    args: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)
    owner: ClassThing | None = None
    attributes: dict[str, Value] = field(default_factory=dict)
    fits: list[Fit] = field(default_factory=list)
    escaped: set[str] = field(default_factory=set)
    """Names of callables that the flow cannot look into and that got it."""

    @property
    def short(self) -> str:
        return self.maker.rpartition(".")[2]

    def argument(self, position: int, name: str) -> Value | None:
        """An argument that it was made with, however it was given."""
        return self.keywords.get(name) or (self.args[position] if position < len(self.args) else None)


@dataclass(eq=False)
class Function:
    """A function of the user's, with the scope that it was defined in; ``bound`` are arguments given already."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Any
    bound: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)


@dataclass(eq=False)
class ClassThing:
    """A class of the user's."""

    node: ast.ClassDef
    scope: Any
    members: Any
    bases: tuple[Value, ...]


@dataclass(eq=False)
class ModuleThing:
    """A module of the user's."""

    scope: Any


@dataclass(frozen=True)
class Value:
    """What is known of one value."""

    name: str = ""
    """The dotted name of a library's module, class or function."""
    things: tuple[Any, ...] = ()
    rows: frozenset[Rows] = frozenset()
    """Rows that it holds, one by one."""
    seen: frozenset[Rows] = frozenset()
    """Rows that were reduced to it, as a mean or a metric."""
    counts: frozenset[Rows] = frozenset()
    """Rows that it is the number of."""
    fits: frozenset[Fit] = frozenset()
    items: Mapping[Any, Value] | None = None
    """Elements by position or key."""
    const: Any = UNSET
    origin: str = ""
    source: Spot | None = None
    """Where the constant was written."""
    marks: frozenset[str] = frozenset()
    """What it may be: index, mask, subset, prediction, score, output, metric, copies, scaled, batches."""
    activation: str = ""
    """What it surely is: the output of ``softmax``, ``log_softmax``, ``sigmoid`` or ``linear``."""
    column: str = ""

    def with_(self, **changes: Any) -> Value:
        return replace(self, **changes)

    def marked(self, *marks: str) -> Value:
        return replace(self, marks=self.marks | set(marks))

    @property
    def measured(self) -> frozenset[Rows]:
        """The rows that a number was measured on; rows that only gave a scale or a unit to it are left out."""
        scales = [rows for fit in self.fits if not fit.of_predictions for rows in fit.rows]
        return self.seen - {rows for rows in scales if rows.split.role not in (VALIDATION, TEST)}

    @property
    def touched(self) -> frozenset[Rows]:
        """The rows that it holds, or was reduced from."""
        return self.rows or self.seen


NOTHING = Value()


def constant(value: Any, spot: Spot | None = None, origin: str = "code") -> Value:
    """The value of a literal."""
    return Value(const=value, origin=origin, source=spot)


def joined(values: Iterable[Value]) -> Value:
    """What is one of these values: all that it may be, and only what it surely is."""
    parts = list(dict.fromkeys(map(_Same, values)))
    if not parts:
        return NOTHING
    first = parts[0].value
    for part in parts[1:]:
        first = _either(first, part.value)
    return first


def gathered(values: Iterable[Value]) -> Value:
    """What is made of all these values: their rows and fits, and nothing else that is sure."""
    rows: set[Rows] = set()
    seen: set[Rows] = set()
    fits: set[Fit] = set()
    marks: set[str] = set()
    for value in values:
        for part in (value, *_inside(value)):
            rows |= part.rows
            seen |= part.seen
            fits |= part.fits
            marks |= part.marks
    return Value(rows=frozenset(rows), seen=frozenset(seen), fits=frozenset(fits), marks=frozenset(marks))


def role_of(name: str) -> str:
    """Which split a name speaks of: ``X_test``, ``yte`` and ``test_loader`` of the test split."""
    words = re.split(r"_|(?<=[a-z])(?=[A-Z])|\d+", name)
    for word in (re.sub(r"(?<=[a-z])(set|loader|data|dataset|ds|dl|df)$", "", word.lower()) for word in words if word):
        for role, known in _WORDS.items():
            if word in known or (len(word) > 2 and word[0] in "xyzd" and word[1:] in known):
                return role
    return ""


class _Same:
    """Compares values by identity, so that joining equal branches costs nothing."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _inside(value: Value, depth: int = 3) -> Iterable[Value]:
    if value.items is None or depth == 0:
        return
    for item in value.items.values():
        yield item
        yield from _inside(item, depth - 1)


def _either(one: Value, other: Value) -> Value:
    same_const = one.const is other.const or (type(one.const) is type(other.const) and one.const == other.const)
    items = None
    if one.items is not None and other.items is not None and one.items.keys() == other.items.keys():
        items = {key: joined((one.items[key], other.items[key])) for key in one.items}
    return Value(
        one.name if one.name == other.name else "",
        tuple(dict.fromkeys(one.things + other.things)),
        one.rows | other.rows,
        one.seen | other.seen,
        one.counts | other.counts,
        one.fits | other.fits,
        items if items is not None else one.items or other.items,
        one.const if same_const else UNSET,
        one.origin if same_const else "",
        one.source,
        one.marks | other.marks,
        one.activation if one.activation == other.activation else "",
        one.column if one.column == other.column else "",
    )
