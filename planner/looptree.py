"""The probe's loop tree, read back as typed values. A report of another shape is refused, never half understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..store.records import Json


class LoopTreeError(ValueError):
    """The probe's report does not have the shape of a loop tree."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What some iterations took, without what happened inside nested loops: seconds of CPU and wall time."""

    count: int
    cpu: float
    wall: float
    cpu_squares: float

    @property
    def mean_cpu(self) -> float:
        """CPU seconds an iteration."""
        return self.cpu / self.count if self.count else 0.0

    @property
    def mean_wall(self) -> float:
        """Wall seconds an iteration."""
        return self.wall / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition that comes round: ``if step % 500 == 0``."""

    period: int | None
    local: bool
    """It starts anew with each entry of the loop around it."""
    tests: int
    first_fire: int | None
    foreseen: float | None
    """Exact number of times it holds in one whole entry of the loop around it, where that could be asked."""
    natural: int
    other: int
    forced: int


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a loop's own condition ends it; ``scope`` is ``run`` or ``entry``."""

    scope: str
    steps: int | None
    iterations: int | None


@dataclass(frozen=True, slots=True)
class Workers:
    """What the loader's worker processes used, besides the training process."""

    count: int
    cpu: float
    start_cpu: float
    starts: int
    """How often workers were started: once an entry, or once for all where they persist."""
    batches: int


@dataclass(frozen=True, slots=True)
class LoopNode:
    """One loop, branch or the whole program (``kind`` ``root``), with what ran inside it."""

    kind: str
    file: str | None
    line: int | None
    text: str | None
    variant: int
    """Which of several nodes of this place: one loop in a function may train and evaluate."""
    role: str
    entries: int
    iterations: int
    planned_sum: int
    planned_count: int
    planned_unknown: int
    cut: bool
    early_line: int | None
    """The line of a condition that may end the loop at any iteration, such as patience."""
    steps: Mapping[str, int]
    backwards: int
    bound: Bound | None
    head: Clock
    start: Clock
    warm: Clock
    last: Clock
    wait: float
    self_cpu: float
    self_wall: float
    workers: Workers | None
    branch: Branch | None
    children: tuple[LoopNode, ...]

    def walk(self) -> Iterator[LoopNode]:
        """This node and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def place(self) -> str:
        """Where it stands, for a person."""
        return f"{(self.file or '?').rpartition('/')[2]}:{self.line}"


def parse(report: Json) -> LoopNode:
    """Read a ``tree`` report. Raises :class:`LoopTreeError`."""
    try:
        return _node(report)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise LoopTreeError(f"the probe's loop report cannot be read: {problem}") from problem


def _node(data: Mapping[str, Any]) -> LoopNode:
    bound, branch, workers = data.get("bound"), data.get("branch"), data.get("workers")
    return LoopNode(
        kind=str(data["kind"]),
        file=data["file"],
        line=data["line"],
        text=data["text"],
        variant=int(data["variant"]),
        role=str(data["role"]),
        entries=int(data["entries"]),
        iterations=int(data["iterations"]),
        planned_sum=int(data["planned_sum"]),
        planned_count=int(data["planned_count"]),
        planned_unknown=int(data["planned_unknown"]),
        cut=bool(data["cut"]),
        early_line=data.get("early_line"),
        steps={str(key): int(count) for key, count in data["steps"].items()},
        backwards=int(data["backwards"]),
        bound=Bound(bound["scope"], bound["steps"], bound["iterations"]) if bound else None,
        head=_clock(data["head"]),
        start=_clock(data["start"]),
        warm=_clock(data["warm"]),
        last=_clock(data["last"]),
        wait=float(data["wait"]),
        self_cpu=float(data["self_cpu"]),
        self_wall=float(data["self_wall"]),
        workers=Workers(**{key: workers[key] for key in Workers.__dataclass_fields__}) if workers else None,
        branch=Branch(**{key: branch[key] for key in Branch.__dataclass_fields__}) if branch else None,
        children=tuple(_node(child) for child in data["children"]),
    )


def _clock(data: Mapping[str, Any]) -> Clock:
    return Clock(int(data["count"]), float(data["cpu"]), float(data["wall"]), float(data["cpu_squares"]))
