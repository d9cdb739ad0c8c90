"""Halving, budget, cost, search, metric, plan: each a decision on values alone."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from mlintern.planner.noise import Floor
from mlintern.planner.prices import Price
from mlintern.planner.sweep import halving, metric
from mlintern.planner.sweep.advice import advise
from mlintern.planner.sweep.budget import GRACE_SECONDS, Purse, kept_for_seeds
from mlintern.planner.sweep.cost import CostModel
from mlintern.planner.sweep.importance import importances
from mlintern.planner.sweep.metric import MetricError, Objective
from mlintern.planner.sweep.money import seconds_for
from mlintern.planner.sweep.plan import PlanError, make_plan
from mlintern.planner.sweep.space import Parameter
from mlintern.planner.sweep.study import Ending, Observation, Search
from mlintern.store.records import Forecast, Interval, RungName

LR = Parameter("lr", "--lr", "float", 1e-4, 1e-1, True, default=1e-3)
BATCH = Parameter("batch_size", "--batch-size", "choice", choices=(16, 32, 64), default=64)


# -- halving -----------------------------------------------------------------------------------------------------------


def test_levels_are_halves_down_to_a_ninth() -> None:
    assert halving.levels(27) == (3, 7, 14)
    assert halving.levels(27, reduction=3) == (3, 9)
    assert halving.levels(9) == (1, 2, 4)
    assert halving.levels(2) == (1,) and halving.levels(1) == ()


@pytest.mark.parametrize(
    ("value", "others", "passes"),
    [(0.5, [], True), (0.5, [0.6], False), (0.5, [0.4, 0.3], True), (0.5, [0.6, 0.4, 0.3], True),
     (0.5, [0.7, 0.6, 0.3], False)],
)  # fmt: skip
def test_the_best_half_goes_on(value: float, others: list[float], passes: bool) -> None:
    assert halving.goes_on(value, others, maximise=True) is passes
    assert halving.goes_on(-value, [-one for one in others], maximise=False) is passes


def test_of_those_begun_short_the_best_half_is_promoted_once_the_highest_first() -> None:
    at_one = {"a": 0.9, "b": 0.5, "c": 0.4}
    assert halving.to_promote({1: at_one}, full=9, maximise=True) == ("a", 1)
    assert halving.to_promote({1: at_one, 3: {"a": 0.95}}, full=9, maximise=True) is None
    both = {1: {**at_one, "d": 0.8, "e": 0.7, "f": 0.6}, 3: {"a": 0.9, "x": 0.8, "y": 0.7}}
    assert halving.to_promote(both, full=9, maximise=True) == ("a", 3)
    assert halving.to_promote({9: at_one}, full=9, maximise=True) is None
    assert halving.to_promote({1: {"a": -math.inf, "b": -math.inf, "c": -math.inf}}, full=9, maximise=True) is None


# -- budget and cost ---------------------------------------------------------------------------------------------------


def test_a_trial_is_covered_by_the_upper_end_of_its_forecast_or_not_at_all() -> None:
    forecast = Interval(8.0, 10.0, 12.0)
    assert Purse(100.0, 60.0, 26.0).covers(forecast)
    assert not Purse(100.0, 60.0, 27.0).covers(forecast)
    assert not Purse(100.0, 60.0, 0.0).covers(forecast, keep=30.0)
    assert Purse(100.0, 86.0, 0.0).ceiling_of(forecast) == 100 - 86 - GRACE_SECONDS
    assert kept_for_seeds(forecast, 3, 1000.0) == 4 * 12.0 and kept_for_seeds(forecast, 3, 60.0) == 20.0


def test_cost_is_the_forecast_scaled_by_steps_until_trials_have_shown_more() -> None:
    costs = CostModel((LR, BATCH), Interval(80.0, 100.0, 125.0), setup=10.0)
    assert costs.predict({"lr": 1e-3, "batch_size": 64}).mid == pytest.approx(100.0)
    assert costs.predict({"lr": 1e-3, "batch_size": 16}).mid == pytest.approx(10 + 90 * 4)
    assert costs.predict({"lr": 1e-3, "batch_size": 64}, 0.1).mid == pytest.approx(19.0)
    for _ in range(12):
        costs.learn({"lr": 1e-3, "batch_size": 64}, 1.0, 50.0)
    told = costs.predict({"lr": 1e-3, "batch_size": 64})
    assert told.mid == pytest.approx(50.0, rel=0.05) and told.low < 50 < told.high


# -- search ------------------------------------------------------------------------------------------------------------


def test_a_configuration_is_proposed_once_and_all_of_them_before_it_ends() -> None:
    search = Search((BATCH,), maximise=True, seed=0)
    found = [search.propose() for _ in range(4)]
    assert sorted(one["batch_size"] for one in found if one) == [16, 32, 64]
    assert found[3] is None


def test_it_learns_where_good_values_are() -> None:
    search = Search((LR,), maximise=True, seed=1)
    for number in range(30):
        lr = 10 ** (-4 + number / 10)
        search.learn([Observation({"lr": lr}, Ending.COMPLETE, {1: -abs(math.log10(lr) + 2)})])
    proposed = [search.propose() for _ in range(8)]
    near = [one for one in proposed if one and abs(math.log10(float(one["lr"])) + 2) < 0.5]
    assert len(near) >= 6


def test_a_region_that_runs_out_of_memory_is_left() -> None:
    width = Parameter("width", "--width", "float", 0.0, 1.0)
    search = Search((width,), maximise=True, seed=2)
    for number in range(20):
        value = number / 20
        if value > 0.5:
            search.learn([Observation({"width": value}, Ending.INFEASIBLE, {})])
        else:
            search.learn([Observation({"width": value}, Ending.COMPLETE, {1: value})])
    proposed = [search.propose() for _ in range(10)]
    assert sum(float(one["width"]) > 0.55 for one in proposed if one) <= 2


def test_what_lies_outside_of_the_space_teaches_nothing_and_breaks_nothing() -> None:
    search = Search((LR,), maximise=True, seed=3)
    search.learn([Observation({"lr": 5.0}, Ending.COMPLETE, {1: 1.0}), Observation({}, Ending.COMPLETE, {1: 1.0})])
    assert search.study.trials == []


def test_the_parameter_that_matters_is_told_and_with_few_trials_nothing() -> None:
    other = Parameter("other", "--other", "float", 0.0, 1.0)
    search = Search((LR, other), maximise=True, seed=4)
    seen = [
        Observation({"lr": 10 ** (-4 + 3 * ((7 * n) % 40) / 40), "other": ((11 * n) % 40) / 40}, Ending.COMPLETE,
                    {1: -abs(-1.0 + 3 * ((7 * n) % 40) / 40)})
        for n in range(40)
    ]  # fmt: skip
    told = importances(search, seen)
    assert told is not None and next(iter(told)) == "lr" and told["lr"] > told["other"]
    assert importances(search, seen[:10]) is None


def test_advice_comes_when_enough_was_tried_and_rests_on_the_noise() -> None:
    floor = Floor(0.01, 4)
    rising = [0.5 + 0.01 * n for n in range(20)]
    assert advise(rising[:5], parameters=2, floor=floor, left_trials=10) is None
    told = advise(rising, parameters=2, floor=floor, left_trials=10)
    assert told is not None and not told.stop
    flat = advise([0.5] * 20, parameters=2, floor=None, left_trials=10)
    assert flat is not None and flat.stop
    inside = advise([0.5] * 15 + [0.505] * 5, parameters=2, floor=floor, left_trials=10)
    assert inside is not None and inside.stop and "less than a seed changes" in inside.words


# -- metric and plan ---------------------------------------------------------------------------------------------------

NAMES = ("test accuracy", "train loss", "printed/val loss", "printed/val accuracy")


def test_the_default_is_a_validation_metric_and_never_the_test_or_training_one() -> None:
    assert metric.choose(None, NAMES, insists=False) == Objective("val accuracy", True)
    with pytest.raises(MetricError, match="no validation metric is known"):
        metric.choose(None, NAMES[:2], insists=True)
    told = metric.choose(None, ("accuracy",), insists=False)
    assert told.note is not None and "does not say on which rows" in told.note


def test_a_test_metric_is_refused_unless_a_person_insists_which_is_recorded() -> None:
    with pytest.raises(MetricError, match="makes its value worthless"):
        metric.choose("test_accuracy", NAMES, insists=False)
    told = metric.choose("test_accuracy", NAMES, insists=True)
    assert told.insisted and told.maximise
    assert not metric.choose("val_accuracy", NAMES, insists=True).insisted


@pytest.mark.parametrize(
    ("written", "expected"),
    [("val_loss", ("val loss", False)), ("val_accuracy:min", ("val accuracy", False)), ("dev/f1", ("dev f1", True))],
)
def test_which_way_a_metric_goes(written: str, expected: tuple[str, bool]) -> None:
    told = metric.choose(written, (), insists=False)
    assert (told.metric, told.maximise) == expected


@pytest.mark.parametrize("written", ["", ":max", "val_loss:up", "cleverness"])
def test_a_metric_that_nobody_understands_is_refused(written: str) -> None:
    with pytest.raises(MetricError):
        metric.choose(written, (), insists=False)


def forecast(seconds: Interval | None) -> Forecast:
    return Forecast(
        id=1, experiment_id=1, rung=RungName.FULL, source_run_id=1, created_at=0.0, seconds=seconds, cpu_seconds=None,
        steps=100, steps_exact=True, peak_host_bytes=None, peak_device_bytes=None, energy_joules=None, usd=None,
    )  # fmt: skip


def plan(**changes: object) -> object:
    given = {
        "space": (LR,), "objective": Objective("val loss", False), "length": None, "seed_flag": "--seed", "seeds": 3,
        "workers": 1, "full": forecast(Interval(8.0, 10.0, 12.0)), "setup_seconds": 1.0, "budget_seconds": 300.0,
    }  # fmt: skip
    return make_plan(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"space": ()}, "nothing to search over"),
        ({"space": (LR, LR)}, "given twice"),
        ({"full": None}, "what a trial takes is unknown"),
        ({"full": forecast(None)}, "what a trial takes is unknown"),
        ({"budget_seconds": 13.0}, "does not cover one trial"),
        ({"seed_flag": "--lr"}, "no hyperparameter"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(changes: dict[str, object], told: str) -> None:
    assert plan() is not None
    with pytest.raises(PlanError, match=told):
        plan(**changes)


def test_nothing_of_the_search_is_deprecated(recwarn: pytest.WarningsRecorder, tmp_path: Path) -> None:
    search = Search((LR, BATCH), maximise=False, seed=5)
    for _ in range(14):
        values = search.propose()
        assert values is not None
        search.learn([Observation(values, Ending.COMPLETE, {1: float(values["lr"])})])
    importances(search, [Observation(dict(t.params), Ending.COMPLETE, {1: 0.0}) for t in search.study.trials])
    assert [str(one.message) for one in recwarn if issubclass(one.category, (FutureWarning, DeprecationWarning))] == []


def test_money_buys_time_where_time_alone_has_a_price() -> None:
    assert seconds_for(5.0, Price(usd_per_hour=2.0)) == 9000.0
    for price in (Price(), Price(usd_per_hour=0.0), Price(usd_per_hour=2.0, usd_per_kwh=0.3)):
        with pytest.raises(PlanError, match="give a time, such as 30m"):
            seconds_for(5.0, price)
