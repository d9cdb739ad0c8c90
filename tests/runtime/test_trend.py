"""What grows until nothing is left is told, with the time; what stops, comes back or only wobbles is not."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from mlintern.runtime.trend import Growth, Level, Trend, theil_sen

WHOLE = 1000.0


def watched(used: Callable[[float], float], seconds: int) -> list[Growth]:
    trend = Trend()
    return [trend.add(float(moment), WHOLE - used(moment), WHOLE) for moment in range(seconds)]


def worst(used: Callable[[float], float], seconds: int) -> Level:
    return max(growth.level for growth in watched(used, seconds))


def wobble(moment: float) -> float:
    """As good as noise, and the same each time."""
    return math.sin(moment * 12.9898) * 43758.5453 % 2 - 1


def test_a_steady_leak_is_watched_then_told_with_the_time_that_is_left() -> None:
    found = watched(lambda moment: 200 + 8 * moment, 100)
    first = next(at for at, growth in enumerate(found) if growth.level is Level.LEAK)
    assert Level.WATCH in [growth.level for growth in found[:first]]
    assert 60 <= first <= 80
    growth = found[first]
    assert growth.slope == pytest.approx(8)
    assert growth.seconds_left == pytest.approx(100 - first, abs=2)
    assert growth.seen_seconds == pytest.approx(first, abs=2)


@pytest.mark.parametrize(
    ("used", "seconds"),
    [
        (lambda moment: 100 + moment + 3 * wobble(moment), 890),
        (lambda moment: 100 + 30 * (moment // 30) + wobble(moment), 890),
        (lambda moment: 100 + 0.05 * moment, 17_900),
        (lambda moment: 100 + 1.5 * moment + (150 if moment % 40 > 30 else 0), 490),
        (lambda moment: 100 if moment < 300 else 100 + 3 * (moment - 300), 590),
    ],
    ids=["noisy", "in steps", "slow", "under spikes", "after a while"],
)
def test_leaks_of_every_kind_are_told_before_the_end(used: Callable[[float], float], seconds: int) -> None:
    assert worst(used, seconds) >= Level.LEAK


@pytest.mark.parametrize(
    "used",
    [
        lambda moment: 500 + 20 * wobble(moment),
        lambda moment: 300 + (600 if moment % 60 > 50 else 0),
        lambda moment: 900 * (1 - math.exp(-moment / 20)),
        lambda moment: 100 + 10 * min(moment, 60),
        lambda moment: 100 + 600 * (moment % 90) / 90,
        lambda moment: 985 if moment > 3 else 300 * moment,
        lambda moment: 985 + wobble(moment) if moment > 3 else 200.0,
    ],
    ids=["noise", "evaluation spikes", "warm-up", "a cache", "sawtooth", "tight fit", "tight and restless"],
)
def test_what_is_healthy_is_not_told(used: Callable[[float], float]) -> None:
    assert worst(used, 600) < Level.LEAK


def test_the_last_of_it_needs_no_long_look() -> None:
    """Nothing was known for a while: it was flat, and then it is all but full and rises."""
    found = watched(lambda moment: 500 if moment < 20 else 970 + 4 * (moment - 20), 27)
    assert found[-1].level is Level.HARD
    assert found[-1].seconds_left == pytest.approx(1.5)


def test_one_outlier_does_not_turn_the_slope() -> None:
    assert theil_sen([0, 1, 2, 3, 4], [0, 1, 200, 3, 4]) == pytest.approx(1)


def test_the_whole_of_a_long_run_is_kept_in_bounded_memory() -> None:
    trend = Trend()
    for moment in range(20_000):
        trend.add(float(moment), 500.0, WHOLE)
    assert len(trend._history._points) <= 257
    assert trend._history._points[0][0] == 0.0
