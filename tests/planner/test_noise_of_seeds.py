"""What may be said of a difference: never more than the seeds allow."""

from __future__ import annotations

import random
from statistics import fmean

import pytest
from mlintern.planner.noise import (
    Verdict,
    against_number,
    against_single,
    compare,
    floor,
    luck_of_the_best,
    mean_interval,
    paired,
    seeds_needed,
    told,
)
from mlintern.planner.student import two_sided, within


@pytest.mark.parametrize(
    ("freedom", "expected"), [(1, 12.7062), (2, 4.30265), (5, 2.57058), (10, 2.22814), (30, 2.04227), (1000, 1.96234)]
)
def test_quantiles_are_those_of_the_tables(freedom: int, expected: float) -> None:
    assert within(0.95, freedom) == pytest.approx(expected, rel=1e-4)
    assert two_sided(expected, freedom) == pytest.approx(0.05, rel=1e-3)


def test_the_floor_is_pooled_over_configurations_and_unknown_without_seeds() -> None:
    pooled = floor([[0.90, 0.92], [0.70, 0.72, 0.74], [0.5]])
    assert pooled is not None and pooled.freedom == 3
    assert pooled.deviation == pytest.approx(((2 * 0.01**2 + 2 * 0.02**2) / 3) ** 0.5)
    assert floor([[0.9], [0.8]]) is None
    assert floor([[0.9, 0.9], [0.8, 0.8]]) is None, "a seed without an effect says nothing"
    assert mean_interval([0.9]) is None


def test_a_difference_inside_the_noise_is_never_better() -> None:
    noisy = compare({1: 0.92, 2: 0.88, 3: 0.93}, {1: 0.90, 2: 0.91, 3: 0.89}, maximise=True)
    assert noisy.verdict is Verdict.INSIDE
    clear = compare({1: 0.95, 2: 0.951, 3: 0.949}, {1: 0.90, 2: 0.902, 3: 0.899}, maximise=True)
    assert clear.verdict is Verdict.BETTER and clear.gain is not None and clear.gain.low > 0
    worse = compare({1: 0.95, 2: 0.951, 3: 0.949}, {1: 0.90, 2: 0.902, 3: 0.899}, maximise=False)
    assert worse.verdict is Verdict.WORSE


@pytest.mark.parametrize("candidate", [{}, {1: 0.99}])
def test_one_seed_tells_nothing(candidate: dict[int, float]) -> None:
    assert compare(candidate, {1: 0.1, 2: 0.1001, 3: 0.1}, maximise=True).verdict is Verdict.UNKNOWN


def test_seeds_that_agree_to_the_last_digit_tell_nothing() -> None:
    assert compare({1: 0.9, 2: 0.9}, {1: 0.8, 2: 0.8}, maximise=True).verdict is Verdict.UNKNOWN


def test_how_many_were_looked_at_makes_it_harder() -> None:
    candidate, baseline = {1: 0.92, 2: 0.93, 3: 0.925}, {1: 0.90, 2: 0.905, 3: 0.91}
    assert compare(candidate, baseline, maximise=True).verdict is Verdict.BETTER
    assert compare(candidate, baseline, maximise=True, looked_at=50).verdict is Verdict.INSIDE


def test_of_equals_a_wrong_better_is_as_rare_as_it_says() -> None:
    generator = random.Random(0)

    def seeds() -> dict[int, float]:
        return {seed: generator.gauss(0.9, 0.01) for seed in range(4)}

    verdicts = [compare(seeds(), seeds(), maximise=True).verdict for _ in range(2000)]
    assert sum(one in (Verdict.BETTER, Verdict.WORSE) for one in verdicts) / 2000 < 0.065


def test_rows_that_are_shared_are_compared_row_by_row() -> None:
    baseline = [1.0] * 80 + [0.0] * 20
    candidate = [1.0] * 90 + [0.0] * 10
    assert told(paired(candidate, baseline), 100).verdict is Verdict.BETTER
    assert told(paired([*baseline[1:], 1.0], baseline), 100).verdict is Verdict.INSIDE
    with pytest.raises(ValueError, match="the same seeds or rows"):
        paired([1.0], baseline)


def test_the_seeds_that_a_claim_takes() -> None:
    assert seeds_needed(0.01, 0.0) is None
    assert seeds_needed(0.01, 1e-6) is None
    few, many = seeds_needed(0.01, 0.05), seeds_needed(0.01, 0.01)
    assert few is not None and many is not None and 2 <= few < many <= 20


def test_the_best_of_many_equals_looks_better_by_what_is_told() -> None:
    generator = random.Random(1)
    best = fmean(max(generator.gauss(0, 1) for _ in range(50)) for _ in range(2000))
    assert luck_of_the_best(50, 1.0) == pytest.approx(best, rel=0.05)
    assert luck_of_the_best(1, 1.0) == 0.0


def test_a_target_without_noise_takes_fewer_seeds_than_a_noisy_baseline() -> None:
    of_number = seeds_needed(0.01, 0.01, against_noise=False)
    of_both = seeds_needed(0.01, 0.01)
    assert of_number is not None and of_both is not None and of_number < of_both
    strict = seeds_needed(0.01, 0.01, against_noise=False, alpha=0.0005)
    assert strict is not None and strict > of_number


def test_one_more_run_is_as_noisy_as_each_of_the_seeds() -> None:
    values = [0.90, 0.91, 0.89, 0.905, 0.895]
    of_mean, of_run = against_number(values, 0.92), against_single(values, 0.92)
    assert of_mean is not None and of_run is not None
    assert of_run.standard_error == pytest.approx(of_mean.standard_error * 6**0.5)
    assert of_mean.chance < 0.05 < of_run.chance
