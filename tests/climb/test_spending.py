"""Prices and budgets on a real climb: recorded with the approval, followed when they change, and never passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.budget import BudgetError, UnknownCostError
from mlintern.planner.moves import Ask
from mlintern.runtime.budgets import Unit
from mlintern.store import Store
from mlintern.store.records import Forecast, Interval, Run, RungName, RungStatus, RunStatus
from mlintern.tui.climb import Climb, ClimbError
from mlintern.tui.engine import Limits

SECONDS = Interval(10.0, 20.0, 30.0)


def priced(home: Path, usd_per_hour: float) -> None:
    (home / "config.toml").write_text(f"[price]\nusd_per_hour = {usd_per_hour}\n")


def asking(store: Store, climber: Any, **limits: Any) -> tuple[Climb, Forecast]:
    """A climb that stands before its pilot, of which somebody has forecast the time."""
    climb = climber.open(store, limits=Limits(**limits))
    for name in (RungName.STATIC, RungName.DRYRUN, RungName.REHEARSAL, RungName.OVERFIT):
        store.rungs.set(climb.experiment.id, name, RungStatus.PASSED)
    store.forecasts.add(experiment_id=climb.experiment.id, rung=RungName.PILOT, seconds=SECONDS, steps=5)
    move = climb.next()
    assert isinstance(move, Ask)
    return climb, move.forecast


def runs(store: Store, climb: Climb) -> tuple[Run, ...]:
    return store.runs.for_experiment(climb.experiment.id)


def test_the_price_is_in_the_forecast_and_goes_with_the_run(store: Store, climber: Any, home: Path) -> None:
    priced(home, 36.0)
    climb, forecast = asking(store, climber, budget_usd=5.0)
    assert forecast.usd == Interval(pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.3))
    run = climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="flag", forecast_id=forecast.id)
    climber.freely(climb, RungName.PILOT)
    ended = store.runs.get(run.id)
    assert ended.status is RunStatus.DONE
    assert (ended.usd_per_hour, ended.usd_per_kwh, ended.gpu_seconds) == (36.0, None, 0.0)
    assert ended.usd is not None and ended.wall_seconds is not None
    assert ended.usd == pytest.approx(ended.wall_seconds * 0.01)
    money = {account.unit: account for account in climb.view().budgets}[Unit.USD]
    assert (money.spent, money.left) == (ended.usd, 5.0 - ended.usd)
    full = store.forecasts.latest(climb.experiment.id, RungName.FULL)
    assert full is not None and full.usd is not None and full.gpu_seconds == Interval(0.0, 0.0, 0.0)


def test_another_price_is_another_question(store: Store, climber: Any, home: Path) -> None:
    climb, free = asking(store, climber)
    assert free.usd is None and any(entry.startswith("usd: no price set; put") for entry in free.unknown)
    assert climb.settle() is False
    priced(home, 36.0)
    with pytest.raises(ClimbError, match="changed meanwhile"):
        climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal", forecast_id=free.id)
    latest = store.forecasts.latest(climb.experiment.id, RungName.PILOT)
    assert latest is not None and latest.id > free.id and latest.usd is not None
    assert (latest.seconds, latest.steps) == (SECONDS, 5)
    assert climb.settle() is False
    (home / "config.toml").write_text("[price\n")
    assert climb.settle() is True
    broken = store.forecasts.latest(climb.experiment.id, RungName.PILOT)
    assert broken is not None and broken.usd is None
    assert any("config.toml, line 1: is not TOML" in entry for entry in broken.unknown)
    assert runs(store, climb) == ()


def test_a_ceiling_that_the_money_cannot_cover_starts_nothing(store: Store, climber: Any, home: Path) -> None:
    priced(home, 36.0)
    climb, _ = asking(store, climber, budget_usd=0.5)
    for by in ("flag", "terminal", "tui"):
        with pytest.raises(BudgetError, match=r"costs \$0\.60.*\$0\.50 left of the budget"):
            climb.approve(RungName.PILOT, ceiling_seconds=60.0, by=by)
    assert runs(store, climb) == ()


@pytest.mark.parametrize("budget", [{"budget_usd": 5.0}, {"budget_joules": 5.0}, {"budget_gpu_seconds": 5.0}])
def test_a_budget_in_what_nobody_knows_is_never_approved_ahead(
    store: Store, climber: Any, budget: dict[str, float]
) -> None:
    climb, _ = asking(store, climber, **budget)
    with pytest.raises(UnknownCostError, match="never approved ahead"):
        climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="flag")
    assert runs(store, climb) == ()


def test_a_new_climb_keeps_what_is_left_of_every_budget(store: Store, climber: Any, project: Path) -> None:
    said = Limits(budget_seconds=60.0, budget_gpu_seconds=100.0, budget_joules=1000.0, budget_usd=5.0)
    first = climber.open(store, limits=said)
    run = store.runs.add(
        experiment_id=first.experiment.id, rung=RungName.PILOT, ceiling_seconds=30.0, folder_root=project
    )
    store.runs.update(
        run.id, status=RunStatus.DONE, started_at=1.0, wall_seconds=20.0, gpu_seconds=40.0, energy_joules=300.0, usd=1.5
    )
    second = climber.open(store, fresh=True).experiment
    assert (second.budget_seconds, second.budget_gpu_seconds) == (40.0, 60.0)
    assert (second.budget_joules, second.budget_usd) == (700.0, 3.5)
    events = [event.data for event in store.events.after(0) if event.kind == "experiment.limits"]
    assert events[0]["budget_usd"] == 5.0
