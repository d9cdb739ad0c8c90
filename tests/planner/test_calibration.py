"""How wide an interval has to be: from a machine's own outcomes, and from the corpus while those are few."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlintern.planner.calibration import (
    FULL_HISTORY,
    Calibration,
    Quantity,
    calibration_by_rung,
    conformal,
    log_error,
)
from mlintern.planner.prior import PRIOR_ERRORS
from mlintern.store.records import EARLY_END, Forecast, ForecastOutcome, Interval, Run, RungName

MakeOutcome = Callable[..., ForecastOutcome]
WALL_KEY = {"source": RungName.REHEARSAL, "rung": RungName.FULL, "on_gpu": False}


@pytest.fixture
def outcome(make_run: Callable[..., Run], make_forecast: Callable[..., Forecast]) -> MakeOutcome:
    """``outcome(told=…, actual=…)``: a forecast of the full run's time and what it took."""

    def make(told: float = 100.0, actual: float = 100.0, *, shown: bool = True, **run: object) -> ForecastOutcome:
        forecast = make_forecast(Interval(0.8 * told, told, 1.2 * told))
        done = make_run(rung=RungName.FULL, wall_seconds=actual, cpu_seconds=actual, **run)
        return ForecastOutcome(forecast, done, RungName.REHEARSAL, Path("/train.py"), shown)

    return make


def test_without_outcomes_the_corpus_decides_and_is_named() -> None:
    width = Calibration().width(Quantity.WALL, **WALL_KEY)
    assert width.error in PRIOR_ERRORS["seconds", RungName.REHEARSAL, RungName.FULL]
    assert "corpus" in width.basis


def test_own_outcomes_replace_the_corpus(outcome: MakeOutcome) -> None:
    exact = Calibration([outcome(actual=101.0)] * FULL_HISTORY).width(Quantity.WALL, **WALL_KEY)
    wild = Calibration([outcome(actual=200.0)] * FULL_HISTORY).width(Quantity.WALL, **WALL_KEY)
    assert exact.error == pytest.approx(math.log(1.01))
    assert wild.error == pytest.approx(math.log(2.0))
    assert "corpus" not in exact.basis and str(FULL_HISTORY) in exact.basis


def test_a_few_bad_outcomes_widen_the_interval_at_once(outcome: MakeOutcome) -> None:
    before = Calibration().width(Quantity.WALL, **WALL_KEY).error
    after = Calibration([outcome(actual=300.0)] * 3).width(Quantity.WALL, **WALL_KEY).error
    assert after > before


def test_kinds_of_forecasts_do_not_mix(outcome: MakeOutcome) -> None:
    calibration = Calibration([outcome(actual=300.0)] * FULL_HISTORY)
    untouched = Calibration()
    for other in ({"source": RungName.PILOT}, {"rung": RungName.PILOT}, {"on_gpu": True}):
        key = {**WALL_KEY, **other}
        assert calibration.width(Quantity.WALL, **key) == untouched.width(Quantity.WALL, **key)


def test_what_no_corpus_covers_is_wide(outcome: MakeOutcome) -> None:
    energy = Calibration().width(Quantity.ENERGY, **WALL_KEY)
    assert "guess" in energy.basis
    assert energy.error > Calibration().width(Quantity.WALL, **WALL_KEY).error


@pytest.mark.parametrize("own", [0, 5, 10, 20, 100])
def test_intervals_hold_nine_in_ten(own: int) -> None:
    """Errors of a known distribution: what is promised is what happens, however few own outcomes there are."""
    draw = random.Random(own)
    held = 0
    for _ in range(2000):
        history = [abs(draw.gauss(0, 0.1)) for _ in range(own)]
        prior = [abs(draw.gauss(0, 0.1)) for _ in range(24)]
        held += abs(draw.gauss(0, 0.1)) <= conformal(history, prior)
    assert 0.88 <= held / 2000 <= 0.96


def test_errors_compare_what_is_known(outcome: MakeOutcome) -> None:
    told = outcome(told=100.0, actual=110.0)
    assert log_error(told.forecast, told.run, Quantity.WALL) == pytest.approx(math.log(1.1))
    assert log_error(told.forecast, told.run, Quantity.HOST_MEMORY) is None
    most = replace(told.forecast, unknown=(f"{EARLY_END}: patience",))
    assert log_error(most, told.run, Quantity.WALL) is None
    unknown = replace(told.forecast, seconds=None)
    assert log_error(unknown, told.run, Quantity.WALL) is None


def test_calibration_tells_what_people_were_shown(outcome: MakeOutcome) -> None:
    told = [outcome(actual=actual) for actual in (95.0, 100.0, 300.0)]
    (full,) = calibration_by_rung([*told, outcome(actual=1e6, shown=False)])
    assert (full.rung, full.count, full.inside) == (RungName.FULL, 3, 2)
    assert full.median_error == pytest.approx(100 / 95 - 1)
    assert full.bias == 0.0
    assert calibration_by_rung([]) == ()
