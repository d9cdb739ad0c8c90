"""Ceilings that cannot hold are refused before anything starts."""

from __future__ import annotations

from typing import Any

import pytest
from mlintern.planner.budget import BudgetError, check_ceiling, reserved_seconds, spent_seconds
from mlintern.store.records import RungName, RunStatus


def test_a_ceiling_that_covers_the_forecast_is_granted(make_forecast: Any) -> None:
    check_ceiling(90.0, make_forecast(), (), None)


@pytest.mark.parametrize("ceiling", [0.0, -1.0, float("nan"), 79.0])
def test_a_ceiling_below_the_forecast_or_absurd_is_refused(make_forecast: Any, ceiling: float) -> None:
    with pytest.raises(BudgetError):
        check_ceiling(ceiling, make_forecast(), (), None)


def test_the_budget_counts_what_was_spent_and_what_is_reserved(make_run: Any, make_forecast: Any) -> None:
    runs = (
        make_run(rung=RungName.PILOT, wall_seconds=50.0),
        make_run(rung=RungName.PILOT, status=RunStatus.RUNNING, wall_seconds=None, ceiling_seconds=30.0),
        make_run(rung=RungName.REHEARSAL, wall_seconds=500.0),
    )
    assert (spent_seconds(runs), reserved_seconds(runs)) == (50.0, 30.0)
    check_ceiling(120.0, make_forecast(), runs, budget=200.0)
    with pytest.raises(BudgetError, match="budget"):
        check_ceiling(121.0, make_forecast(), runs, budget=200.0)
