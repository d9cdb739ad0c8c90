"""The arithmetic of noise against known values."""

from __future__ import annotations

import math

import pytest
from mlintern.planner import noise, student


@pytest.mark.parametrize(
    ("probability", "degrees", "wanted"),
    [(0.975, 2, 4.302653), (0.975, 10, 2.228139), (0.95, 1, 6.313752), (0.995, 30, 2.749996), (0.05, 4, -2.131847)],
)
def test_quantiles_are_those_of_the_tables(probability: float, degrees: float, wanted: float) -> None:
    assert student.quantile(probability, degrees) == pytest.approx(wanted, abs=1e-5)
    assert student.cdf(wanted, degrees) == pytest.approx(probability, abs=1e-7)


def test_welch_is_what_scipy_computes() -> None:
    # scipy.stats.ttest_ind([1, 2, 3, 4], [2, 2.5, 3.1], equal_var=False, alternative="greater")
    found = noise.welch([1.0, 2.0, 3.0, 4.0], [2.0, 2.5, 3.1])
    assert found is not None
    assert found.p_greater == pytest.approx(0.517427686970976, abs=1e-12)
    assert found.degrees == pytest.approx(4.256667091374191)
    assert found.difference == pytest.approx(-1 / 30)


def test_pairs_take_away_what_the_seed_does_to_both() -> None:
    own, other = [0.889, 0.915, 0.901, 0.920], [0.880, 0.905, 0.893, 0.911]
    paired, apart = noise.paired(own, other), noise.welch(own, other)
    assert paired is not None and apart is not None
    assert paired.p_greater < 0.001 < 0.1 < apart.p_greater
    assert paired.margin(0.05) < paired.difference < apart.margin(0.05)


def test_too_few_values_have_no_spread() -> None:
    assert noise.spread([0.5]).sd is None
    assert noise.welch([0.5], [0.4, 0.3]) is None
    assert noise.against_number([0.5], 0.4) is None
    assert noise.mean_interval([0.5]) is None
    assert math.isnan(noise.spread([0.5, math.nan]).mean)


def test_an_interval_holds_its_mean_and_is_symmetric() -> None:
    interval = noise.mean_interval([1.0, 2.0, 3.0])
    assert interval is not None
    half = 4.302653 / math.sqrt(3)
    assert (interval.low, interval.high) == pytest.approx((2 - half, 2 + half), abs=1e-5)
