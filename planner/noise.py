"""The noise of repeated measurements: what seeds alone change, and what may be said of a difference because of it.

Pure arithmetic on the standard library: Student's intervals, Welch's and the paired test. Invariant: too few values
give ``None`` or "nobody can tell", never a made-up spread; a difference inside the noise is never called better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist, fmean, stdev

from ..store.records import Interval
from .student import cdf, quantile, two_sided, within

LEVEL = 0.95
POWER = 0.8
MOST_SEEDS = 1000


@dataclass(frozen=True, slots=True)
class Spread:
    """Repeated measurements of one thing."""

    count: int
    mean: float
    sd: float | None
    """Of the sample, with n − 1; ``None`` for fewer than two values."""

    @property
    def standard_error(self) -> float | None:
        """Of the mean."""
        return None if self.sd is None else self.sd / math.sqrt(self.count)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two means: ``own − other``."""

    difference: float
    standard_error: float
    degrees: float
    p_greater: float
    """How probable a difference as large is where there is none, one-sided."""

    def margin(self, alpha: float) -> float:
        """How large a difference has to be to count at level ``alpha``, one-sided: the noise floor."""
        return quantile(1 - alpha, self.degrees) * self.standard_error

    @property
    def chance(self) -> float:
        """How probable a difference as far from zero is where there is none, two-sided."""
        return two_sided(self.difference / self.standard_error, self.degrees) if self.standard_error else 0.0

    def interval(self, level: float) -> Interval:
        """Where the true difference lies, two-sided."""
        half = within(level, self.degrees) * self.standard_error
        return Interval(self.difference - half, self.difference, self.difference + half)


# --- single things ----------------------------------------------------------------------------------------------------


def spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation of at least one value; NaN and nothing where one is not finite."""
    if not all(map(math.isfinite, values)):
        return Spread(len(values), math.nan, None)
    return Spread(len(values), fmean(values), stdev(values) if len(values) > 1 else None)


def mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Student's two-sided interval of the mean; ``None`` for fewer than two values."""
    found = against_number(values, 0.0)
    return None if found is None else found.interval(level)


# --- comparisons ------------------------------------------------------------------------------------------------------


def against_number(values: Sequence[float], number: float) -> Comparison | None:
    """A mean against a number that has no noise of its own; ``None`` for fewer than two values."""
    if len(values) < 2:
        return None
    one = spread(values)
    return None if one.standard_error is None else _comparison(one.mean - number, one.standard_error, one.count - 1)


def against_single(values: Sequence[float], single: float) -> Comparison | None:
    """A mean against one more measurement, which is as noisy as each of the values; ``None`` for fewer than two."""
    one = against_number(values, single)
    if one is None:
        return None
    return _comparison(one.difference, one.standard_error * math.sqrt(len(values) + 1), one.degrees)


def welch(own: Sequence[float], other: Sequence[float]) -> Comparison | None:
    """Two independent means whose spreads may differ (Welch 1947); ``None`` where either has fewer than two values."""
    if len(own) < 2 or len(other) < 2:
        return None
    left, right = spread(own), spread(other)
    if left.standard_error is None or right.standard_error is None:
        return None
    a, b = left.standard_error**2, right.standard_error**2
    if a + b == 0:
        return _comparison(left.mean - right.mean, 0.0, 1.0)
    degrees = (a + b) ** 2 / (a**2 / (left.count - 1) + b**2 / (right.count - 1))
    return _comparison(left.mean - right.mean, math.sqrt(a + b), degrees)


def paired(own: Sequence[float], other: Sequence[float]) -> Comparison | None:
    """The mean of differences, where value ``i`` of both shares its seed or its row; ``None`` for fewer than two."""
    if len(own) != len(other):
        raise ValueError(f"{len(own)} and {len(other)} values cannot be paired: measure the same seeds or rows")
    return against_number([a - b for a, b in zip(own, other, strict=True)], 0.0)


def _comparison(difference: float, error: float, degrees: float) -> Comparison:
    t = difference / error if error > 0 else math.copysign(math.inf, difference) if difference else 0.0
    return Comparison(difference, error, degrees, 1 - cdf(t, degrees))


# --- the noise of many configurations ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Floor:
    """What one more seed changes: the standard deviation within configurations, pooled."""

    deviation: float
    freedom: int
    """Degrees of freedom: runs less configurations."""

    @property
    def smallest(self) -> float:
        """The least difference between two single runs that is not noise, at 95 %."""
        return within(LEVEL, self.freedom) * self.deviation * math.sqrt(2)


def floor(groups: Sequence[Sequence[float]]) -> Floor | None:
    """The noise of seeds, from the values of each configuration that ran with several; ``None`` where none did.

    Runs that agree to the last digit are a script that does not use its seed: that says nothing of the noise.
    """
    several = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in several)
    squares = sum((value - fmean(group)) ** 2 for group in several for value in group)
    if freedom == 0 or squares == 0:
        return None
    return Floor(math.sqrt(squares / freedom), freedom)


class Verdict(StrEnum):
    """What a comparison of two configurations allows to say."""

    BETTER = "better"
    WORSE = "worse"
    INSIDE = "inside the noise"
    UNKNOWN = "nobody can tell"


@dataclass(frozen=True, slots=True)
class Difference:
    """A configuration against another; positive is better, whichever way the metric goes."""

    verdict: Verdict
    gain: Interval | None
    chance: float | None
    """Of a difference like this where there is none, corrected for how many were looked at."""
    seeds: int
    why: str


def compare(
    candidate: Mapping[int, float], baseline: Mapping[int, float], *, maximise: bool, looked_at: int = 1
) -> Difference:
    """Two configurations by the values of their seeds, paired where both ran with the same seed.

    ``looked_at`` is among how many the candidate was chosen *by these very values*; 1 for values that came after.
    """
    sign = 1.0 if maximise else -1.0
    shared = sorted(candidate.keys() & baseline.keys())
    if len(shared) >= 2:
        found = paired([sign * candidate[seed] for seed in shared], [sign * baseline[seed] for seed in shared])
        return told(found, len(shared), looked_at)
    found = welch([sign * one for one in candidate.values()], [sign * one for one in baseline.values()])
    return told(found, min(len(candidate), len(baseline)), looked_at)


def told(found: Comparison | None, count: int, looked_at: int = 1) -> Difference:
    """What a comparison of ``count`` seeds, or of so many rows that both sides scored, allows to say."""
    if found is None:
        return Difference(Verdict.UNKNOWN, None, None, count, "one seed says nothing about the noise")
    if found.standard_error == 0:
        return Difference(Verdict.UNKNOWN, None, None, count, "all seeds agree to the last digit: it has no effect")
    # Bonferroni: of so many that were looked at, one is this far off by luck so many times as often.
    chance = min(1.0, looked_at * found.chance)
    gain = found.interval(1 - (1 - LEVEL) / looked_at)
    if chance >= 1 - LEVEL:
        return Difference(Verdict.INSIDE, gain, chance, count, "a difference like this comes from seeds alone")
    better = Verdict.BETTER if found.difference > 0 else Verdict.WORSE
    return Difference(better, gain, chance, count, "beyond the noise of seeds")


def luck_of_the_best(looked_at: int, deviation: float) -> float:
    """How much better than it is the best of so many looks, by seeds alone: the winner's curse, at most.

    The expected greatest of so many normal values (Blom's approximation); all of them are taken to be equally good.
    """
    if looked_at <= 1:
        return 0.0
    return deviation * NormalDist().inv_cdf((looked_at - 0.375) / (looked_at + 0.25))


# --- how many seeds a claim needs -------------------------------------------------------------------------------------


def seeds_needed(
    deviation: float, gain: float, *, against_noise: bool = True, alpha: float = (1 - LEVEL) / 2
) -> int | None:
    """Seeds of each side that tell a gain apart in four cases of five; ``None`` where no number would do.

    ``deviation`` is of single runs, ``alpha`` one-sided. Without ``against_noise`` the other side is a number that has
    no noise, such as a target; with it, another configuration that is not paired.
    """
    if gain <= 0 or deviation < 0:
        return None
    sides = 2 if against_noise else 1
    normal = NormalDist()
    wanted = normal.inv_cdf(1 - alpha) + normal.inv_cdf(POWER)
    count = max(2, math.ceil(sides * (wanted * deviation / gain) ** 2))
    while count <= MOST_SEEDS and not _tells(count, deviation, gain, sides, alpha):
        count += 1
    return count if count <= MOST_SEEDS else None


def _tells(count: int, deviation: float, gain: float, sides: int, alpha: float) -> bool:
    """Whether so many seeds suffice when the deviation itself is known from them alone."""
    wanted = quantile(1 - alpha, sides * (count - 1)) + NormalDist().inv_cdf(POWER)
    return wanted * deviation * math.sqrt(sides / count) <= gain
