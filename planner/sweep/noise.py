"""The noise floor: what seeds alone change, and what may be said of a difference because of it.

Invariant: a difference inside the noise is never called better, and neither is one that was seen with a single seed.
The values by which a configuration was chosen are left out of what is said of it: chosen among many, they are too good.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist, fmean, stdev

from ...store.records import Interval
from ..student import two_sided, within

LEVEL = 0.95
POWER = 0.8
MOST_SEEDS = 1000


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


def interval(values: Sequence[float]) -> Interval | None:
    """The mean of runs with different seeds, with its 95 % interval; ``None`` for a single run."""
    if len(values) < 2:
        return None
    middle = fmean(values)
    half = within(LEVEL, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return Interval(middle - half, middle, middle + half)


class Verdict(StrEnum):
    """What a comparison allows to say."""

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
        return _judge([sign * (candidate[seed] - baseline[seed]) for seed in shared], looked_at)
    if len(candidate) < 2 or len(baseline) < 2:
        fewest = min(len(candidate), len(baseline))
        return Difference(Verdict.UNKNOWN, None, None, fewest, "one seed says nothing about the noise")
    return _welch([sign * one for one in candidate.values()], [sign * one for one in baseline.values()], looked_at)


def paired(candidate: Sequence[float], baseline: Sequence[float], *, looked_at: int = 1) -> Difference:
    """Two systems on the same rows, by each row's score (such as 1 for right and 0 for wrong), higher is better."""
    if len(candidate) != len(baseline):
        raise ValueError(f"{len(candidate)} and {len(baseline)} rows cannot be paired: score the same rows")
    return _judge([a - b for a, b in zip(candidate, baseline, strict=True)], looked_at)


def _judge(differences: Sequence[float], looked_at: int) -> Difference:
    count = len(differences)
    if count < 2:
        return Difference(Verdict.UNKNOWN, None, None, count, "one pair says nothing about the noise")
    error = stdev(differences) / math.sqrt(count)
    return _difference(fmean(differences), error, count - 1, count, looked_at)


def _welch(candidate: Sequence[float], baseline: Sequence[float], looked_at: int) -> Difference:
    a, b = (stdev(values) ** 2 / len(values) for values in (candidate, baseline))
    freedom = (
        (a + b) ** 2 / (a**2 / (len(candidate) - 1) + b**2 / (len(baseline) - 1))
        if a + b > 0
        else float(min(len(candidate), len(baseline)) - 1)
    )
    few = min(len(candidate), len(baseline))
    return _difference(fmean(candidate) - fmean(baseline), math.sqrt(a + b), freedom, few, looked_at)


def _difference(gain: float, error: float, freedom: float, seeds: int, looked_at: int) -> Difference:
    if error == 0:
        return Difference(Verdict.UNKNOWN, None, None, seeds, "all seeds agree to the last digit: it has no effect")
    # Bonferroni: of so many that were looked at, one is this far off by luck so many times as often.
    chance = min(1.0, looked_at * two_sided(gain / error, freedom))
    half = within(1 - (1 - LEVEL) / looked_at, freedom) * error
    told = Interval(gain - half, gain, gain + half)
    if chance >= 1 - LEVEL:
        return Difference(Verdict.INSIDE, told, chance, seeds, "a difference like this comes from seeds alone")
    return Difference(Verdict.BETTER if gain > 0 else Verdict.WORSE, told, chance, seeds, "beyond the noise of seeds")


def seeds_needed(deviation: float, gain: float) -> int | None:
    """Seeds of each side that tell a gain apart in four cases of five, at 95 %; ``None`` where no number would do.

    ``deviation`` is of single runs; the two sides are not paired.
    """
    if gain <= 0 or deviation < 0:
        return None
    normal = NormalDist()
    wanted = normal.inv_cdf(1 - (1 - LEVEL) / 2) + normal.inv_cdf(POWER)
    count = max(2, math.ceil(2 * (wanted * deviation / gain) ** 2))
    while count <= MOST_SEEDS and not _tells(count, deviation, gain):
        count += 1
    return count if count <= MOST_SEEDS else None


def _tells(count: int, deviation: float, gain: float) -> bool:
    """Whether so many seeds suffice when the deviation itself is known from them alone."""
    freedom = 2 * count - 2
    wanted = within(LEVEL, freedom) + NormalDist().inv_cdf(POWER)
    return wanted * deviation * math.sqrt(2 / count) <= gain


def luck_of_the_best(looked_at: int, deviation: float) -> float:
    """How much better than it is the best of so many looks, by seeds alone: the winner's curse, at most.

    The expected greatest of so many normal values (Blom's approximation); all of them are taken to be equally good.
    """
    if looked_at <= 1:
        return 0.0
    return deviation * NormalDist().inv_cdf((looked_at - 0.375) / (looked_at + 0.25))
