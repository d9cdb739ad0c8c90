"""What may be spent: reserve before a run, reconcile after it, never go over, in time, GPU-hours, energy and money.

Invariant: an approval is refused where the least that its rung can take, or what its ceiling surely costs, is not left
of any one budget. Where a budget is set and nobody knows what the rung takes of it, only a person who saw that may
approve. What an ended run took of a budget nobody knows is not taken from it, and makes what is left unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..runtime.budgets import WORDS, Account, Unit, amount
from ..runtime.money import SECONDS_PER_HOUR
from ..store.records import Forecast, Interval, Run
from .prices import Price


class BudgetError(ValueError):
    """A ceiling that cannot be granted, with what would be possible."""


class UnknownCostError(BudgetError):
    """What a budget limits is unknown, so that nobody can approve it unseen."""


def check_ceiling(ceiling: float, forecast: Forecast, standing: Mapping[Unit, Account], price: Price) -> None:
    """Raise :class:`BudgetError` unless ``ceiling`` seconds can cover the forecast and every budget can cover both."""
    if not ceiling > 0:
        raise BudgetError(f"a ceiling of {ceiling:g} s allows nothing: give a time such as 30m")
    if forecast.seconds is not None and ceiling < forecast.seconds.low:
        raise BudgetError(
            f"a ceiling of {ceiling:.0f} s cannot cover {forecast.rung}: even the lower end of its forecast is"
            f" {forecast.seconds.low:.0f} s. Raise the ceiling, or decline"
        )
    for account in standing.values():
        if account.left is not None:
            _check_account(account, account.left, ceiling, forecast, price)


def _check_account(account: Account, left: float, ceiling: float, forecast: Forecast, price: Price) -> None:
    rest = f"{amount(account.unit, left)} left of the budget of {amount(account.unit, account.budget or 0.0)}"
    surely = ceiling_cost(account.unit, ceiling, price)
    if left <= 0:
        whole = amount(account.unit, account.budget or 0.0)
        raise BudgetError(f"nothing is left of the budget of {whole}: raise the budget, or decline")
    if surely is not None and surely > left:
        costs = "" if account.unit is Unit.SECONDS else f" costs {amount(account.unit, surely)}, which"
        fits = _fitting(account.unit, left, price)
        raise BudgetError(
            f"a ceiling of {ceiling:.0f} s{costs} is more than the {rest}. Lower the ceiling{fits}, or raise the budget"
        )
    least = expected(forecast, account.unit)
    if least is not None and least.low > left:
        raise BudgetError(
            f"{forecast.rung} takes at least {amount(account.unit, least.low)} of {WORDS[account.unit]}, more than the"
            f" {rest}. Raise the budget, or decline"
        )


def check_extension(ceiling: float, run: Run, others: Mapping[Unit, Account]) -> None:
    """Raise :class:`BudgetError` unless what ``others`` leave of every budget covers ``run`` up to a higher ceiling."""
    price = Price(run.usd_per_hour, run.usd_per_kwh)
    for account in others.values():
        surely = ceiling_cost(account.unit, ceiling, price)
        if account.left is not None and surely is not None and surely > account.left:
            costs = "" if account.unit is Unit.SECONDS else f" costs {amount(account.unit, surely)}, which"
            left, whole = amount(account.unit, account.left), amount(account.unit, account.budget or 0.0)
            raise BudgetError(
                f"{ceiling:.0f} s for run {run.id}{costs} is more than the {left} that the budget of {whole} leaves it."
                " Name less, or raise the budget"
            )


def check_ahead(ceiling: float, forecast: Forecast, standing: Mapping[Unit, Account]) -> None:
    """Raise :class:`BudgetError` where a ceiling given before the forecast was known would stop the run too early, or
    where a budget stands and nobody knows what the rung takes of it."""
    if forecast.seconds is not None and ceiling < forecast.seconds.mid:
        raise BudgetError(
            f"the forecast of {forecast.rung} is {forecast.seconds.mid:.0f} s, more than the {ceiling:.0f} s approved"
            " ahead of time. Give more, or approve it at a terminal"
        )
    for unit, why in unknown_units(forecast, standing).items():
        raise UnknownCostError(
            f"there is a budget in {WORDS[unit]}, and {why}: an unknown cost is never approved ahead of time"
        )


def unknown_units(forecast: Forecast, standing: Mapping[Unit, Account]) -> dict[Unit, str]:
    """The budgets that nobody can be sure to keep, each with why, in words."""
    found: dict[Unit, str] = {}
    for unit, account in standing.items():
        if account.budget is None:
            continue
        if expected(forecast, unit) is None:
            found[unit] = f"what {forecast.rung} takes of it is unknown"
        elif account.unknown_runs:
            runs = ", ".join(map(str, account.unknown_runs))
            found[unit] = f"what run{'s' if len(account.unknown_runs) > 1 else ''} {runs} took of it is unknown"
    return found


def expected(forecast: Forecast, unit: Unit) -> Interval | None:
    """What the rung is forecast to take of a unit."""
    interval: Interval | None = getattr(forecast, unit)
    return interval


def ceiling_cost(unit: Unit, ceiling: float, price: Price) -> float | None:
    """What a run that goes on to its ceiling surely takes of a unit; ``None`` where its time alone does not say."""
    if unit is Unit.SECONDS:
        return ceiling
    if unit is Unit.USD and price.usd_per_hour is not None:
        return ceiling / SECONDS_PER_HOUR * price.usd_per_hour
    return None


def _fitting(unit: Unit, left: float, price: Price) -> str:
    if unit is Unit.SECONDS or not price.usd_per_hour:
        return ""
    return f" to {left / price.usd_per_hour * SECONDS_PER_HOUR:.0f} s"
