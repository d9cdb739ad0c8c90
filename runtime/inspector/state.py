"""What the flow carries along: names, the loops and conditions that it is in, parts of rows that it has met.

Invariant: asking for the same part of the same rows twice gives the same part.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .project import Project, SourceFile
from .trace import Condition, Filter, Leak, Loop, Trace
from .values import TRAIN, Fit, Function, Rows, Spot, Value, role_of

MAX_DEPTH = 12


class OutOfTime(Exception):  # noqa: N818  it is a limit, not an error
    """The flow has used up the time that it may take."""


class Names:
    """The names of one module, class or function while the flow goes through it."""

    def __init__(self, file: SourceFile, lines: list[str], parent: Names | None = None) -> None:
        self.file = file
        self.lines = lines
        self.parent = parent
        self.is_class = False
        self.known: dict[str, Value] = {}
        self.outer: set[str] = set()

    def get(self, name: str) -> Value | None:
        """The value of a name, from here outwards."""
        scope: Names | None = self
        while scope is not None:
            if name in scope.known:
                return scope.known[name]
            scope = scope.parent
        return None

    def set(self, name: str, value: Value) -> None:
        """Bind a name here, or where ``global`` or ``nonlocal`` says."""
        scope = self
        if name in self.outer and self.parent is not None:
            scope = self.parent
            while name not in scope.known and scope.parent is not None:
                scope = scope.parent
        scope.known[name] = value


class Frame:
    """One call of a function of the user's."""

    def __init__(self, node: ast.AST) -> None:
        self.node = node
        self.returns: list[Value] = []
        self.yields: list[Value] = []


class State:
    """The flow's memory, and the small steps that the rest is made of."""

    def __init__(self, project: Project, *, seconds: float) -> None:
        self.project = project
        self.trace = Trace()
        self.loops: tuple[Loop, ...] = ()
        self.conditions: tuple[Condition, ...] = ()
        self.frames: list[Frame] = []
        self.names: Names = Names(project.main, [])
        self.modules: dict[str, Names] = {}
        self._until = time.perf_counter() + seconds
        self._parts: dict[tuple[Any, ...], Rows] = {}
        self._noted: set[tuple[Any, ...]] = set()

    # -- what the expressions and statements give to each other --

    def evaluate(self, node: ast.AST | None) -> Value:
        """The value of an expression."""
        raise NotImplementedError

    def block(self, statements: Iterable[ast.stmt]) -> bool:
        """Go through statements; whether the block was surely left before its end."""
        raise NotImplementedError

    def call_function(self, function: Function, args: list[Value], keywords: dict[str, Value]) -> Value:
        """Go through a function's body with these arguments."""
        raise NotImplementedError

    # -- places --

    def spot(self, node: ast.AST) -> Spot:
        """Where a node stands, with the text of its line."""
        line = getattr(node, "lineno", 0)
        text = self.names.lines[line - 1].strip()[:200] if 0 < line <= len(self.names.lines) else ""
        return Spot(str(self.names.file.path), line, text)

    def tick(self) -> None:
        """Stop when the time is used up."""
        if time.perf_counter() > self._until:
            raise OutOfTime

    @contextmanager
    def inside(self, *, loop: Loop | None = None, condition: Condition | None = None) -> Iterator[None]:
        """Be in a loop or under a condition."""
        before = self.loops, self.conditions
        self.loops += (loop,) if loop else ()
        self.conditions += (condition,) if condition else ()
        yield
        self.loops, self.conditions = before

    @contextmanager
    def within(self, names: Names) -> Iterator[None]:
        """Be in another scope."""
        before, self.names = self.names, names
        yield
        self.names = before

    # -- rows --

    def source(self, node: ast.AST, key: object, *, role: str = "", is_noise: bool = False) -> Rows:
        """Rows that come in here."""
        rows = self._parts.get((node, key))
        if rows is None:
            rows = self._parts[node, key] = Rows(self.spot(node), role=role, is_noise=is_noise)
        return rows

    def part(self, of: Rows, key: object, node: ast.AST, *, held: bool | None = None, role: str = "") -> Rows:
        """A part of rows; ``held`` where a splitter made it."""
        rows = self._parts.get((of, key))
        if rows is None:
            rows = Rows(self.spot(node), of, role, bool(held), by_splitter=held is not None)
            self._parts[of, key] = rows
        return rows

    def name_rows(self, name: str, value: Value) -> None:
        """A split is called what the first name that it is bound to says."""
        role = role_of(name)
        if not role or len({(rows.spot, rows.held) for rows in value.rows}) != 1:
            return
        for rows in value.rows:
            split = rows.split
            if not split.role and not rows.is_noise and not split.also:
                rows.role = role
            elif split.role != role:
                split.also.add(role)
                if TRAIN in (role, split.role):
                    split.role = ""  # the same rows under both names: how they were split was not followed

    def note(self, value: Value, node: ast.AST, way: str = "") -> None:
        """Look whether a value of held-out rows depends on something that was fitted on more than them."""
        for rows in value.rows:
            split = rows.split
            for fit in value.fits if split.is_held_out else ():
                if fit.covers(split) or self._beside_others(fit, split):
                    self.leak(fit, split, node, way or "split")

    def leak(self, fit: Fit, held: Rows, node: ast.AST, way: str) -> None:
        """Record a leak once."""
        if (fit, held) not in self._noted:
            self._noted.add((fit, held))
            self.trace.leaks.append(Leak(fit, held, self.spot(node), way))

    def filtered(self, found: Filter) -> None:
        """Record dropped rows once."""
        key = (found.spot.file, found.spot.line, found.rows)
        if key not in self._noted:
            self._noted.add(key)
            self.trace.filters.append(found)

    @staticmethod
    def _beside_others(fit: Fit, split: Rows) -> bool:
        """Rows that came in by themselves, and were put together with others for the fit."""
        return split.parent is None and split in fit.rows and len({rows.split for rows in fit.rows}) > 1


def lines_of(path: Path) -> list[str]:
    """A file's lines, for showing."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return []
