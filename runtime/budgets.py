"""The budgets of an experiment: what of each is spent, held by runs under way, and left. Arithmetic on records alone.

Invariant: only rungs that cost count. All budgets hold together. A run under way holds the most that it may still use;
an ended run whose use is not known is named, and never counts as nothing silently.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..store.records import Experiment, Run, RungName
from .money import JOULES_PER_KWH, SECONDS_PER_HOUR

COSTLY_RUNGS = frozenset({RungName.PILOT, RungName.SWEEP, RungName.FULL, RungName.CONFIRM})
"""The rungs that nobody climbs without a person's approval."""


class Unit(StrEnum):
    """What a budget may be in; the values are the fields of :class:`~mlintern.store.records.Forecast`."""

    SECONDS = "seconds"
    GPU_SECONDS = "gpu_seconds"
    ENERGY = "energy_joules"
    USD = "usd"


WORDS: Mapping[Unit, str] = {
    Unit.SECONDS: "time",
    Unit.GPU_SECONDS: "GPU-hours",
    Unit.ENERGY: "energy",
    Unit.USD: "money",
}
"""What each unit measures."""


@dataclass(frozen=True, slots=True)
class Account:
    """One unit of an experiment's spending."""

    unit: Unit
    budget: float | None
    """``None`` is no limit."""
    spent: float
    """What ended runs are known to have used."""
    reserved: float
    """The most that runs under way may still use; infinite where only the budget itself ends them."""
    unknown_runs: tuple[int, ...] = ()
    """Ended runs that used nobody knows how much."""

    @property
    def left(self) -> float | None:
        """What another run may use, at most; ``None`` without a budget. It is less where some use is unknown."""
        return None if self.budget is None else max(0.0, self.budget - self.spent - self.reserved)


def budget_of(experiment: Experiment, unit: Unit) -> float | None:
    """The experiment's budget in a unit."""
    return {
        Unit.SECONDS: experiment.budget_seconds,
        Unit.GPU_SECONDS: experiment.budget_gpu_seconds,
        Unit.ENERGY: experiment.budget_joules,
        Unit.USD: experiment.budget_usd,
    }[unit]


def accounts(experiment: Experiment, runs: Iterable[Run]) -> Mapping[Unit, Account]:
    """Every unit's account; ``runs`` are the experiment's."""
    costly = [run for run in runs if run.rung in COSTLY_RUNGS]
    over = [run for run in costly if run.status.is_over]
    under_way = [run for run in costly if not run.status.is_over]
    return {unit: _account(unit, budget_of(experiment, unit), over, under_way) for unit in Unit}


def _account(unit: Unit, budget: float | None, over: list[Run], under_way: list[Run]) -> Account:
    used = {run.id: used_by(run, unit) for run in over}
    return Account(
        unit=unit,
        budget=budget,
        spent=sum(use for use in used.values() if use is not None),
        reserved=sum(_reserved_by(run, unit) for run in under_way),
        unknown_runs=tuple(run_id for run_id, use in used.items() if use is None),
    )


def used_by(run: Run, unit: Unit) -> float | None:
    """What a run has used; ``None`` is not known. Of the time of one that nobody saw end, what it may have used."""
    if unit is Unit.SECONDS:
        if run.wall_seconds is not None:
            return run.wall_seconds
        return 0.0 if run.started_at is None else run.ceiling_seconds or 0.0
    use: float | None = getattr(run, unit)
    return 0.0 if use is None and run.started_at is None else use


def committed_by(run: Run) -> float:
    """Seconds that a run has used, or while it is under way, the most that it may."""
    return (used_by(run, Unit.SECONDS) or 0.0) if run.status.is_over else run.ceiling_seconds or 0.0


def _reserved_by(run: Run, unit: Unit) -> float:
    """The most that a run under way may use. Time ends it at its ceiling, and money where time alone is priced."""
    ceiling = run.ceiling_seconds or 0.0
    if unit is Unit.SECONDS:
        return ceiling
    if unit is Unit.USD and run.usd_per_hour is not None and run.usd_per_kwh is None:
        return ceiling / SECONDS_PER_HOUR * run.usd_per_hour
    return math.inf


def amount(unit: Unit, value: float) -> str:
    """An amount of a unit, in words: ``90 s``, ``1.5 GPU-hours``, ``840 kJ``, ``$0.12``."""
    match unit:
        case Unit.SECONDS:
            return f"{value:.0f} s"
        case Unit.GPU_SECONDS:
            return f"{value / SECONDS_PER_HOUR:.3g} GPU-hours"
        case Unit.ENERGY:
            return f"{value / 1000:.3g} kJ" if value < JOULES_PER_KWH / 10 else f"{value / JOULES_PER_KWH:.3g} kWh"
        case Unit.USD:
            return f"${value:.2f}" if value == 0 or value >= 0.1 else f"${value:.4f}"
