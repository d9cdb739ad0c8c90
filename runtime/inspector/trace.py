"""What happens in a run, in the order in which the code says so: calls, loops, choices and leaks.

Invariant: an entry stands for code that the flow surely understood to the point that its fields say; what it did not
understand is counted in ``blind``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from .values import ClassThing, Fit, Rows, Spot, Thing, Value


@dataclass(eq=False)
class Loop:
    """One loop, each time that the flow goes through it."""

    spot: Spot
    over: Value
    bound: str
    """The text of what it runs over."""
    node: ast.AST


@dataclass(frozen=True)
class Condition:
    """One branch of an ``if``."""

    spot: Spot
    node: ast.AST
    branch: bool


@dataclass(frozen=True)
class Call:
    """A call of a library's function (``name``) or of a method of a value (``method``)."""

    node: ast.Call
    spot: Spot
    name: str
    method: str
    receiver: Value
    args: tuple[Value, ...]
    keywords: Mapping[str, Value]
    result: Value
    loops: tuple[Loop, ...]
    conditions: tuple[Condition, ...]

    def argument(self, position: int, *names: str) -> Value | None:
        """An argument, however it was given."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.args[position] if 0 <= position < len(self.args) else None

    def made(self) -> tuple[Thing, ...]:
        """Known objects that the method is called on."""
        return tuple(thing for thing in self.receiver.things if isinstance(thing, Thing))


@dataclass(frozen=True)
class Choice:
    """A comparison that decides something: a running best, a stop, the largest of several."""

    spot: Spot
    what: str
    measured: frozenset[Rows]
    loops: tuple[Loop, ...]
    keeps: bool
    """Whether what is compared with is replaced by the measured value, or the loop is left."""


@dataclass(frozen=True)
class Break:
    """A conditional end of a loop."""

    spot: Spot
    loop: Loop
    test: ast.expr | None


@dataclass(frozen=True)
class Leak:
    """Rows that are held out and that something was fitted on; ``held`` is where they were held out."""

    fit: Fit
    held: Rows
    spot: Spot
    way: str


@dataclass(frozen=True)
class Filter:
    """Rows of a part that are dropped under the same name."""

    spot: Spot
    rows: Rows
    name: str
    by_prediction: bool
    is_cleaning: bool
    """What is dropped is missing, doubled, or not known to the training."""


@dataclass(frozen=True)
class AcrossRows:
    """The largest of each column over all rows, compared with the labels of a few rows."""

    spot: Spot
    rows: Rows


@dataclass
class Trace:
    """All that the flow saw."""

    calls: list[Call] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    measured: set[Rows] = field(default_factory=set)
    across_rows: list[AcrossRows] = field(default_factory=list)
    grads_cleared_by_hand: bool = False
    followed: set[ast.AST] = field(default_factory=set)
    """Calls that the flow went through."""
    literals: list[tuple[str, Value, Spot]] = field(default_factory=list)
    """Names that were bound to a constant."""
    targets: frozenset[str] = frozenset()
    """Columns that are the target somewhere."""
    made: set[ClassThing] = field(default_factory=set)
    """Classes of the user's of which there are instances."""
    entered: set[ast.AST] = field(default_factory=set)
    """Functions that the flow went through."""
    blind: list[str] = field(default_factory=list)
    """Why the flow is not whole; empty when it went through everything that the script surely reaches."""
