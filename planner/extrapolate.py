"""From the loop tree of a short run to the counts and the work of the full one.

Every loop's cost is (start-up once) + (start of each entry) + (steady cost × exact iterations), and so on down the
tree: nothing is multiplied by a guess. What cannot be known is named in ``unknown`` and makes the total ``None``,
never zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from .looptree import Clock, LoopNode


@dataclass(frozen=True, slots=True)
class Work:
    """Seconds of CPU and of wall time."""

    cpu: float = 0.0
    wall: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(self.cpu + other.cpu, self.wall + other.wall)

    def __mul__(self, factor: float) -> Work:
        return Work(self.cpu * factor, self.wall * factor)


@dataclass(frozen=True, slots=True)
class FullRun:
    """What the full run will do, as far as the short one can tell."""

    steps: int | None
    exact: bool
    """Every loop on the way to an optimizer step had a known length."""
    once: Work
    """Set-up, compilation, first iterations: what is paid once whatever the length."""
    repeated: Work
    """Everything that grows with the number of iterations."""
    spread: float
    """Relative standard error of ``repeated``, from the scatter of the iterations seen."""
    unknown: tuple[str, ...]
    """Loops whose length nobody can know, each with its place."""
    training: Work
    """The part of ``repeated`` outside evaluation loops."""
    early: tuple[str, ...] = ()
    """Loops that a condition such as patience may end before their last turn: what is told of them is the most."""


@dataclass
class _Sum:
    """What was added up below one node."""

    steps: dict[str, float] = field(default_factory=dict)
    once: Work = field(default_factory=Work)
    repeated: Work = field(default_factory=Work)
    evaluation: Work = field(default_factory=Work)
    variance: float = 0.0
    exact: bool = True

    def add(self, other: _Sum) -> None:
        for optimizer, count in other.steps.items():
            self.steps[optimizer] = self.steps.get(optimizer, 0.0) + count
        self.once += other.once
        self.repeated += other.repeated
        self.evaluation += other.evaluation
        self.variance += other.variance
        self.exact = self.exact and (other.exact or not other.steps)

    def most_steps(self) -> float:
        return max(self.steps.values(), default=0.0)


def extrapolate(tree: LoopNode, *, declared_steps: int | None = None) -> FullRun:
    """The full run's steps and work. ``declared_steps`` stands in where the number of steps cannot be known."""
    reader = _Reader(declared_steps)
    total = _Sum()
    for child in tree.children:
        total.add(reader.node(child, float(child.entries)))
    steps = total.most_steps()
    has_steps = any(node.steps for node in tree.walk())
    repeated_cpu = total.repeated.cpu
    return FullRun(
        steps=None if reader.unknown and declared_steps is None else round(steps) if has_steps else 0,
        exact=total.exact and not reader.unknown,
        once=total.once,
        repeated=total.repeated,
        spread=math.sqrt(total.variance) / repeated_cpu if repeated_cpu > 0 else 0.0,
        unknown=tuple(dict.fromkeys(reader.unknown)),
        training=total.repeated + total.evaluation * -1.0,
        early=tuple(dict.fromkeys(reader.early)),
    )


def turns_of(tree: LoopNode, file: str, line: int, *, declared_steps: int | None = None) -> float | None:
    """How often the loop at a place turns in the full run; ``None`` where it was not seen or nobody can know."""
    reader, total = _Reader(declared_steps), _Sum()
    for child in _counting(tree, file, line).children:
        total.add(reader.node(child, float(child.entries)))
    return None if reader.unknown else total.steps.get(_TURNS)


_TURNS = "turns"


def _counting(node: LoopNode, file: str, line: int) -> LoopNode:
    """The same tree, in which the turns of the loop at a place are counted like the steps of an optimizer."""
    steps = dict(node.steps)
    if (node.file, node.line) == (file, line):
        steps[_TURNS] = node.iterations
    return replace(node, steps=steps, children=tuple(_counting(child, file, line) for child in node.children))


class _Reader:
    def __init__(self, declared_steps: int | None) -> None:
        self._declared_steps = declared_steps
        self.unknown: list[str] = []
        self.early: list[str] = []

    def node(self, node: LoopNode, entries: float) -> _Sum:
        """Everything in ``entries`` full entries of a node."""
        return self._branch(node, entries) if node.branch is not None else self._loop(node, entries)

    def _loop(self, node: LoopNode, entries: float) -> _Sum:
        iterations, exact = self._iterations(node, entries)
        total = self._body(node, entries, iterations)
        if node.role == "eval":
            total.evaluation = total.repeated
        if node.cut and node.early_line is not None:
            self.early.append(f"line {node.early_line} may end the loop at {node.place} before its last turn")
            exact = False
        total.exact = total.exact and exact
        return total

    def _iterations(self, node: LoopNode, entries: float) -> tuple[float, bool]:
        """Iterations in ``entries`` full entries of a loop, and whether that is exact."""
        structural: float | None = None
        if node.planned_count and not node.planned_unknown:
            structural = entries * node.planned_sum / node.planned_count
        elif node.bound is not None and node.bound.iterations is not None and node.bound.steps is None:
            structural = entries * node.bound.iterations
        elif not node.cut:
            structural = entries * node.iterations / max(1, node.entries)
        limit = self._step_limit(node, entries, structural)
        if limit is not None:
            return limit, True
        if structural is not None:
            return structural, True
        self.unknown.append(f"how often the loop at {node.place} runs: {node.text}")
        return float(node.iterations), False

    def _step_limit(self, node: LoopNode, entries: float, structural: float | None) -> float | None:
        """Iterations until the optimizer has made the steps that the loop's own condition, or the person, allows."""
        limit: float | None = None
        if node.bound is not None and node.bound.steps is not None:
            limit = node.bound.steps * (entries if node.bound.scope == "entry" else 1.0)
        elif structural is None and self._declared_steps is not None:
            limit = float(self._declared_steps)
        if limit is None:
            return None
        sample = _Reader(self._declared_steps)
        step_rate = sample._body(node, 1.0, 1000.0).most_steps() / 1000.0
        if step_rate <= 0:
            return None
        iterations = limit / step_rate
        return iterations if structural is None or iterations < structural else None

    def _body(self, node: LoopNode, entries: float, iterations: float) -> _Sum:
        total = _Sum()
        if node.iterations:
            share = iterations / node.iterations
            total.steps = {optimizer: count * share for optimizer, count in node.steps.items()}
        self._add_time(total, node, entries, iterations)
        for child in node.children:
            total.add(self.node(child, self._child_entries(node, child, entries, iterations)))
        return total

    def _child_entries(self, node: LoopNode, child: LoopNode, entries: float, iterations: float) -> float:
        if child.branch is not None:
            return fires(node, child, entries, iterations)
        return child.entries * iterations / node.iterations if node.iterations else float(child.entries)

    def _branch(self, node: LoopNode, entries: float) -> _Sum:
        total = _Sum()
        seen = max(1, node.entries)
        total.steps = {optimizer: count * entries / seen for optimizer, count in node.steps.items()}
        total.repeated = Work(node.self_cpu, node.self_wall) * (entries / seen)
        for child in node.children:
            total.add(self.node(child, child.entries * entries / seen))
        return total

    def _add_time(self, total: _Sum, node: LoopNode, entries: float, iterations: float) -> None:
        steady = (
            node.warm
            if node.warm.count
            else node.start
            if node.start.count
            else node.last
            if node.last.count
            else node.head
        )
        mean = Work(steady.mean_cpu, steady.mean_wall)
        total.once = _excess(node.head, mean) + _excess(node.last, mean)
        total.repeated = mean * iterations
        if node.start.count and steady is not node.start:
            total.repeated += _excess(node.start, mean) * (max(0.0, entries - 1) / node.start.count)
        if node.workers is not None:
            total.repeated += _worker_work(node, entries, iterations)
        total.variance = _variance(steady) * iterations * iterations


def fires(loop: LoopNode, branch: LoopNode, entries: float, iterations: float) -> float:
    """How often a branch is entered in ``iterations`` full iterations of the loop around it, over ``entries``."""
    shape = branch.branch
    if shape is None or not loop.iterations:
        return float(branch.entries)
    if shape.foreseen is not None:
        return shape.foreseen * entries
    tests = iterations * shape.tests / loop.iterations
    extra = shape.other * entries / max(1, loop.entries)
    if shape.period and shape.period > 0:
        rounds = max(1.0, entries) if shape.local else 1.0
        first = shape.first_fire if shape.first_fire is not None else shape.period - 1
        each = max(0.0, math.floor((tests / rounds - 1 - first % shape.period) / shape.period + 1e-9) + 1)
        reached = branch.entries - shape.other - shape.forced
        taken = reached / shape.natural if shape.natural else 1.0
        return rounds * each * min(1.0, taken) + extra
    if shape.tests:
        own = branch.entries - shape.other - (shape.forced if shape.natural else 0)
        return own * iterations / loop.iterations + extra
    return extra


def _excess(clock: Clock, mean: Work) -> Work:
    """What iterations cost above the steady ones."""
    return Work(max(0.0, clock.cpu - clock.count * mean.cpu), max(0.0, clock.wall - clock.count * mean.wall))


def _worker_work(node: LoopNode, entries: float, iterations: float) -> Work:
    """CPU of the loader's workers; their wall time is inside the training's waiting."""
    workers = node.workers
    if workers is None:
        return Work()
    each = workers.cpu / workers.batches if workers.batches > 0 else 0.0
    starts = entries / max(1, node.entries) if workers.starts == node.entries else 1.0
    return Work(cpu=each * iterations + workers.start_cpu * starts)


def _variance(clock: Clock) -> float:
    """Variance of the mean CPU seconds of an iteration; a single iteration counts as wholly uncertain."""
    if clock.count < 2:
        return clock.mean_cpu**2
    scatter = max(0.0, clock.cpu_squares / clock.count - clock.mean_cpu**2)
    return scatter / (clock.count - 1)
