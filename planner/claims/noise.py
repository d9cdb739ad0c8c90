"""The noise of a few repeated measurements: means, Student's intervals, Welch's and the paired test.

Pure arithmetic on the standard library. Invariant: too few values give ``None``, never a made-up spread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from ..student import cdf, quantile


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


def spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation of at least one value; NaN and nothing where one is not finite."""
    if not all(map(math.isfinite, values)):
        return Spread(len(values), math.nan, None)
    return Spread(len(values), fmean(values), stdev(values) if len(values) > 1 else None)


def mean_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float] | None:
    """Student's two-sided interval of the mean; ``None`` for fewer than two values."""
    one = spread(values)
    if one.standard_error is None:
        return None
    half = quantile(0.5 + level / 2, one.count - 1) * one.standard_error
    return one.mean - half, one.mean + half


def against_number(values: Sequence[float], number: float) -> Comparison | None:
    """A mean against a number that has no noise of its own; ``None`` for fewer than two values."""
    one = spread(values)
    return None if one.standard_error is None else _comparison(one.mean - number, one.standard_error, one.count - 1)


def welch(own: Sequence[float], other: Sequence[float]) -> Comparison | None:
    """Two independent means whose spreads may differ (Welch 1947); ``None`` where either has fewer than two values."""
    left, right = spread(own), spread(other)
    if left.standard_error is None or right.standard_error is None:
        return None
    a, b = left.standard_error**2, right.standard_error**2
    if a + b == 0:
        return _comparison(left.mean - right.mean, 0.0, 1.0)
    degrees = (a + b) ** 2 / (a**2 / (left.count - 1) + b**2 / (right.count - 1))
    return _comparison(left.mean - right.mean, math.sqrt(a + b), degrees)


def paired(own: Sequence[float], other: Sequence[float]) -> Comparison | None:
    """The mean of differences, where value ``i`` of both shares its seed; ``None`` for fewer than two pairs."""
    return against_number([a - b for a, b in zip(own, other, strict=True)], 0.0)


def _comparison(difference: float, error: float, degrees: float) -> Comparison:
    t = difference / error if error > 0 else math.copysign(math.inf, difference) if difference else 0.0
    return Comparison(difference, error, degrees, 1 - cdf(t, degrees))
