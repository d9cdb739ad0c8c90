"""What the pilot and the full run will cost, made from a short run's loop tree. Unknown parts are named, never zero.

An interval is as wide as this machine's earlier forecasts turned out to need (:mod:`.calibration`), or wider where the
iterations that were measured scatter more than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ..store.records import EARLY_END, Interval, Json, Run, RungName
from .calibration import Calibration, Quantity, Width
from .extrapolate import FullRun, Work, extrapolate
from .looptree import LoopNode, parse

SCATTER_LEVEL = 1.65
"""Standard errors that hold nine in ten."""

LOADER_BOUND = 0.3
"""From this share of its time on, a training that waits for its loader is said to be bound by it."""

PILOT_SHARE = 0.02
PILOT_MOST_SHARE = 0.05
PILOT_STEPS = 200
"""A pilot makes 2 % of the steps, or up to 5 % where that is less than 200 steps."""


@dataclass(frozen=True, slots=True)
class CostForecast:
    """A forecast before it is stored; the fields are those of :class:`~mlintern.store.records.Forecast`."""

    rung: RungName
    seconds: Interval | None
    cpu_seconds: Interval | None
    steps: int | None
    steps_exact: bool
    peak_host_bytes: Interval | None
    peak_device_bytes: Interval | None
    unknown: tuple[str, ...]
    basis: str
    """What the width of the time's interval comes from."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A short run, read: its tree, its set-up, and what the full run makes of it."""

    tree: LoopNode
    full: FullRun
    setup: Work

    @property
    def waiting(self) -> float:
        """The share of the training loops' time that went into waiting for their loader."""
        training = [node for node in self.tree.walk() if node.role == "train"]
        wall = sum(node.self_wall for node in training)
        return sum(node.wait for node in training) / wall if wall > 0 else 0.0


def measure(loops: Json, run: Run, *, declared_steps: int | None = None, tree: LoopNode | None = None) -> Measured:
    """Read a run's ``loops`` report; ``tree`` stands in for its tree when an earlier look knows some of it better.

    Raises :class:`~mlintern.planner.looptree.LoopTreeError`.
    """
    own = parse(loops["tree"])
    tree = tree or own
    inside = [node for node in own.walk() if node is not own]
    in_loops = Work(sum(node.self_cpu for node in inside), sum(node.self_wall for node in inside))
    workers = sum(node.workers.cpu + node.workers.start_cpu for node in inside if node.workers)
    # What the kernel counted for the whole run: after the probe's last word an interpreter still takes a second to end.
    whole = float(loops["cpu"]) + float(loops.get("children_cpu", 0.0)) if run.cpu_seconds is None else run.cpu_seconds
    setup = Work(
        cpu=max(0.0, whole - in_loops.cpu - workers), wall=max(0.0, (run.wall_seconds or 0.0) - in_loops.wall)
    )
    return Measured(tree, extrapolate(tree, declared_steps=declared_steps), setup)


def forecast_full(
    measured: Measured, run: Run, calibration: Calibration, *, ended_at: str | None = None
) -> CostForecast:
    """The cost of the full run. ``ended_at`` says where or how the short run broke off: what follows is not in it.

    Where a loop may end early, steps and the middle of the time are the most there can be, and the time's lower end is
    set-up alone.
    """
    full = measured.full
    known = full.steps is not None and (ended_at is None or full.steps > 0)
    time_known = known and not full.unknown
    widths = _Widths(calibration, run, RungName.FULL)
    time = _Time(measured.setup + full.once, full.repeated, full.spread, bool(full.early))
    return CostForecast(
        rung=RungName.FULL,
        seconds=time.wall(widths) if time_known else None,
        cpu_seconds=time.cpu(widths) if time_known else None,
        steps=full.steps if known else None,
        steps_exact=full.exact and known and ended_at is None,
        peak_host_bytes=widths.memory(Quantity.HOST_MEMORY, run.peak_host_bytes),
        peak_device_bytes=widths.memory(Quantity.DEVICE_MEMORY, run.peak_device_bytes),
        unknown=(*_why_unknown(full, ended_at), *_early_ends(full), *_always_unknown(run)),
        basis=_basis(widths, time, measured),
    )


def _early_ends(full: FullRun) -> tuple[str, ...]:
    return tuple(f"{EARLY_END}: {reason}" for reason in full.early)


def _why_unknown(full: FullRun, ended_at: str | None) -> tuple[str, ...]:
    """Why the steps and the time are unknown, or what is not in them."""
    if full.steps is None:
        loops = tuple(f"seconds: {reason}" for reason in full.unknown) or ("seconds: no loop could be measured",)
        return (*loops, "steps: give the total with --steps N")
    loops = tuple(f"seconds: {reason}" for reason in full.unknown)
    if ended_at is None:
        return loops
    if not full.steps:
        where = f"the script broke off {ended_at}, before its first optimizer step"
        return (f"seconds: {where}", f"steps: {where}")
    return (*loops, f"end: the script broke off {ended_at}, and what follows there is not in the forecast")


def pilot_steps(steps: int | None) -> int:
    """How many optimizer steps a pilot makes of a full run of ``steps``."""
    if steps is None:
        return PILOT_STEPS
    return max(1, math.ceil(PILOT_SHARE * steps), min(PILOT_STEPS, math.floor(PILOT_MOST_SHARE * steps)))


def forecast_pilot(measured: Measured, run: Run, calibration: Calibration) -> CostForecast:
    """The cost of a pilot: set-up, its share of the steps and of the evaluations, and each evaluation at least once."""
    full = measured.full
    wanted = pilot_steps(full.steps)
    training, evaluations = _training_and_evaluation(measured)
    steps_seen = full.steps or _steps_seen(measured.tree)
    share = min(1.0, wanted / steps_seen) if full.steps else wanted / max(1, steps_seen)
    if full.steps:
        in_steps = (full.repeated + full.training * -1.0) * share
        evaluations = Work(max(evaluations.cpu, in_steps.cpu), max(evaluations.wall, in_steps.wall))
    repeated = training * share + evaluations
    widths = _Widths(calibration, run, RungName.PILOT)
    time = _Time(measured.setup + full.once, repeated, full.spread, may_end=False)
    return replace(
        forecast_full(measured, run, calibration),
        rung=RungName.PILOT,
        seconds=time.wall(widths),
        cpu_seconds=time.cpu(widths),
        steps=wanted,
        steps_exact=True,
        unknown=_always_unknown(run),
        basis=_basis(widths, time, measured),
    )


def _training_and_evaluation(measured: Measured) -> tuple[Work, Work]:
    """Work of the full run outside evaluation loops (of the short run, where the full one is unknown), and of each
    evaluation once."""
    evaluations = Work()
    seen = Work()
    for node in measured.tree.walk():
        if node.role == "eval":
            each = node.warm if node.warm.count else node.head
            length = node.planned_sum / node.planned_count if node.planned_count else node.iterations
            evaluations += Work(each.mean_cpu, each.mean_wall) * length
            seen += Work(node.self_cpu, node.self_wall)
    inside = [node for node in measured.tree.walk() if node is not measured.tree]
    if measured.full.steps is None:
        all_seen = Work(sum(node.self_cpu for node in inside), sum(node.self_wall for node in inside))
        return Work(max(0.0, all_seen.cpu - seen.cpu), max(0.0, all_seen.wall - seen.wall)), evaluations
    return measured.full.training, evaluations


def _steps_seen(tree: LoopNode) -> int:
    return sum(max(node.steps.values(), default=0) for node in tree.walk())


@dataclass(frozen=True, slots=True)
class _Widths:
    """How wide the forecasts made from one run have to be."""

    calibration: Calibration
    run: Run
    rung: RungName

    def of(self, quantity: Quantity) -> Width:
        on_gpu = bool(self.run.peak_device_bytes)
        return self.calibration.width(quantity, source=self.run.rung, rung=self.rung, on_gpu=on_gpu)

    def memory(self, quantity: Quantity, peak: int | None) -> Interval | None:
        return None if peak is None else self.of(quantity).around(float(peak))


@dataclass(frozen=True, slots=True)
class _Time:
    """What a run takes: once, and with every iteration."""

    once: Work
    repeated: Work
    spread: float
    """Relative standard error of ``repeated``."""
    may_end: bool

    def wall(self, widths: _Widths) -> Interval:
        return self._interval(self.once.wall, self.repeated.wall, widths.of(Quantity.WALL))

    def cpu(self, widths: _Widths) -> Interval:
        return self._interval(self.once.cpu, self.repeated.cpu, widths.of(Quantity.CPU))

    def scatters_beyond(self, width: Width) -> bool:
        """Whether the iterations seen differ so much that their mean is less sure than the history says."""
        return self._scatter(self.once.cpu, self.repeated.cpu) > width.error

    def _scatter(self, once: float, repeated: float) -> float:
        middle = once + repeated
        return min(1.0, SCATTER_LEVEL * self.spread * repeated / middle) if middle > 0 else 0.0

    def _interval(self, once: float, repeated: float, width: Width) -> Interval:
        wide = replace(width, error=max(width.error, self._scatter(once, repeated)))
        interval = wide.around(once + repeated)
        return replace(interval, low=min(interval.low, 0.85 * once)) if self.may_end else interval


def _basis(widths: _Widths, time: _Time, measured: Measured) -> str:
    width = widths.of(Quantity.WALL)
    words = [width.basis]
    if time.scatters_beyond(width):
        words.append("wider, because the iterations seen differ much")
    if measured.waiting > LOADER_BOUND:
        words.append(f"bound by its loader: {measured.waiting:.0%} of the training's time is waiting for data")
    return "; ".join(words)


def _always_unknown(run: Run) -> tuple[str, ...]:
    device = () if run.peak_device_bytes is not None else ("peak_device_bytes: no GPU seen",)
    host = () if run.peak_host_bytes is not None else ("peak_host_bytes: the run was too short to be sampled",)
    return (*host, *device)
