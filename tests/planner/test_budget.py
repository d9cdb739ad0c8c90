"""Ceilings that cannot hold are refused before anything starts, in every unit of which there is a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from mlintern.planner.budget import (
    BudgetError,
    UnknownCostError,
    check_ahead,
    check_ceiling,
    check_extension,
    unknown_units,
)
from mlintern.planner.prices import Price
from mlintern.runtime.budgets import Account, Unit
from mlintern.store.records import Interval

FREE = Price()
PRICED = Price(usd_per_hour=36.0)


def standing(**budgets: float | Account) -> Mapping[Unit, Account]:
    """Nothing spent and no budget, but for those that are given by the name of their unit."""
    given = {
        Unit(name): one if isinstance(one, Account) else Account(Unit(name), one, 0.0, 0.0)
        for name, one in budgets.items()
    }
    return {unit: given.get(unit, Account(unit, None, 0.0, 0.0)) for unit in Unit}


def test_a_ceiling_that_covers_the_forecast_is_granted(make_forecast: Any) -> None:
    check_ceiling(90.0, make_forecast(), standing(), FREE)


@pytest.mark.parametrize("ceiling", [0.0, -1.0, float("nan"), 79.0])
def test_a_ceiling_below_the_forecast_or_absurd_is_refused(make_forecast: Any, ceiling: float) -> None:
    with pytest.raises(BudgetError):
        check_ceiling(ceiling, make_forecast(), standing(), FREE)


def test_the_budget_counts_what_was_spent_and_what_is_reserved(make_forecast: Any) -> None:
    time = standing(seconds=Account(Unit.SECONDS, 200.0, spent=50.0, reserved=30.0))
    check_ceiling(120.0, make_forecast(), time, FREE)
    with pytest.raises(BudgetError, match="more than the 120 s left of the budget of 200 s"):
        check_ceiling(121.0, make_forecast(), time, FREE)


def test_what_a_ceiling_surely_costs_must_be_left_of_the_money(make_forecast: Any) -> None:
    check_ceiling(100.0, make_forecast(), standing(usd=1.0), PRICED)
    with pytest.raises(BudgetError, match=r"costs \$1\.20.*\$1\.00 left.*Lower the ceiling to 100 s"):
        check_ceiling(120.0, make_forecast(), standing(usd=1.0), PRICED)


@pytest.mark.parametrize(
    ("field", "budget", "words"),
    [("energy_joules", 999.0, "1 kJ of energy"), ("gpu_seconds", 999.0, "GPU-hours"), ("usd", 999.0, "of money")],
)
def test_the_least_that_it_takes_must_be_left_of_every_budget(
    make_forecast: Any, field: str, budget: float, words: str
) -> None:
    forecast = replace(make_forecast(), **{field: Interval(1000.0, 1200.0, 1500.0)})
    check_ceiling(100.0, forecast, standing(**{field: 1000.0}), FREE)
    with pytest.raises(BudgetError, match=words):
        check_ceiling(100.0, forecast, standing(**{field: budget}), FREE)


def test_a_budget_that_is_used_up_covers_nothing(make_forecast: Any) -> None:
    used_up = standing(energy_joules=Account(Unit.ENERGY, 1000.0, spent=1000.0, reserved=0.0))
    with pytest.raises(BudgetError, match="nothing is left of the budget of 1 kJ"):
        check_ceiling(100.0, make_forecast(), used_up, FREE)


def test_an_unknown_cost_with_a_budget_is_for_a_person_who_sees_it_and_never_ahead(make_forecast: Any) -> None:
    forecast, money = make_forecast(), standing(usd=5.0)
    check_ceiling(100.0, forecast, money, FREE)
    assert unknown_units(forecast, money) == {Unit.USD: "what full takes of it is unknown"}
    with pytest.raises(UnknownCostError, match="budget in money"):
        check_ahead(100.0, forecast, money)
    check_ahead(100.0, replace(forecast, usd=Interval(1.0, 1.0, 1.0)), money)
    check_ahead(100.0, forecast, standing())


def test_what_an_earlier_run_took_nobody_knows_makes_the_rest_unknown(make_forecast: Any) -> None:
    forecast = replace(make_forecast(), energy_joules=Interval(1.0, 1.0, 1.0))
    after = standing(energy_joules=Account(Unit.ENERGY, 1000.0, spent=0.0, reserved=0.0, unknown_runs=(3, 4)))
    assert unknown_units(forecast, after) == {Unit.ENERGY: "what runs 3, 4 took of it is unknown"}
    with pytest.raises(UnknownCostError, match="runs 3, 4"):
        check_ahead(100.0, forecast, after)


def test_what_is_approved_ahead_must_cover_the_middle(make_forecast: Any) -> None:
    with pytest.raises(BudgetError, match="approved ahead"):
        check_ahead(99.0, make_forecast(), standing())


def test_a_raised_ceiling_must_be_left_of_the_budgets_in_time_and_money(make_run: Any) -> None:
    run = make_run(usd_per_hour=36.0)
    check_extension(100.0, run, standing(seconds=100.0, usd=1.0))
    with pytest.raises(BudgetError, match="100 s that the budget of 100 s leaves it"):
        check_extension(101.0, run, standing(seconds=100.0))
    with pytest.raises(BudgetError, match=r"costs \$1\.01.*\$1\.00 that the budget"):
        check_extension(101.0, run, standing(usd=1.0))
    check_extension(101.0, make_run(), standing(usd=1.0))
