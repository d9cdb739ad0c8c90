"""What may be spent: reserve before a run, reconcile after it, never go over. Seconds of wall time."""

from __future__ import annotations

from collections.abc import Iterable

from ..store.records import Forecast, Run
from .rungs import FACTS


class BudgetError(ValueError):
    """A ceiling that cannot be granted, with what would be possible."""


def spent_seconds(runs: Iterable[Run]) -> float:
    """Wall seconds that runs of costly rungs have really used; of one that nobody saw end, what it may have used."""
    return sum(_used(run) for run in runs if FACTS[run.rung].costs and run.status.is_over)


def _used(run: Run) -> float:
    if run.wall_seconds is not None:
        return run.wall_seconds
    return 0.0 if run.started_at is None else run.ceiling_seconds or 0.0


def reserved_seconds(runs: Iterable[Run]) -> float:
    """Ceilings of costly runs that are still under way."""
    return sum(run.ceiling_seconds or 0.0 for run in runs if FACTS[run.rung].costs and not run.status.is_over)


def check_ceiling(ceiling: float, forecast: Forecast, runs: Iterable[Run], budget: float | None) -> None:
    """Raise :class:`BudgetError` unless ``ceiling`` seconds can cover the forecast and the budget can cover them."""
    if not ceiling > 0:
        raise BudgetError(f"a ceiling of {ceiling:g} s allows nothing: give a time such as 30m")
    if forecast.seconds is not None and ceiling < forecast.seconds.low:
        raise BudgetError(
            f"a ceiling of {ceiling:.0f} s cannot cover {forecast.rung}: even the lower end of its forecast is"
            f" {forecast.seconds.low:.0f} s. Raise the ceiling, or decline"
        )
    if budget is None:
        return
    runs = tuple(runs)
    left = budget - spent_seconds(runs) - reserved_seconds(runs)
    if ceiling > left:
        raise BudgetError(
            f"a ceiling of {ceiling:.0f} s is more than the {max(0.0, left):.0f} s left of the budget of {budget:.0f}"
            " s. Lower the ceiling, or raise the budget"
        )


def check_extension(ceiling: float, run: Run, runs: Iterable[Run], budget: float | None) -> None:
    """Raise :class:`BudgetError` unless what is left of the budget covers ``run`` up to a higher ceiling."""
    if budget is None:
        return
    others = [other for other in runs if other.id != run.id]
    left = budget - spent_seconds(others) - reserved_seconds(others)
    if ceiling > left:
        raise BudgetError(
            f"{ceiling:.0f} s for run {run.id} is more than the {max(0.0, left):.0f} s that the budget of {budget:.0f}"
            " s leaves it. Name less, or raise the budget"
        )


def check_ahead(ceiling: float, forecast: Forecast) -> None:
    """Raise :class:`BudgetError` where a ceiling given before the forecast was known would stop the run too early."""
    if forecast.seconds is not None and ceiling < forecast.seconds.mid:
        raise BudgetError(
            f"the forecast of {forecast.rung} is {forecast.seconds.mid:.0f} s, more than the {ceiling:.0f} s approved"
            " ahead of time. Give more, or approve it at a terminal"
        )
