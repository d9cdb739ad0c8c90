"""The noise of a few repeated measurements: means, Student's intervals, Welch's and the paired test.

Pure arithmetic on the standard library. Invariant: too few values give ``None``, never a made-up spread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

_TINY = 1e-300
_CLOSE = 1e-14


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
        return t_quantile(1 - alpha, self.degrees) * self.standard_error


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
    half = t_quantile(0.5 + level / 2, one.count - 1) * one.standard_error
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


def t_cdf(t: float, degrees: float) -> float:
    """The distribution function of Student's t."""
    if math.isinf(t):
        return 1.0 if t > 0 else 0.0
    tail = 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))
    return 1 - tail if t > 0 else tail


def t_quantile(probability: float, degrees: float) -> float:
    """Its inverse, by halving; ``probability`` between 0 and 1."""
    return _halved(lambda t: t_cdf(t, degrees), probability)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by Lentz's continued fraction (Abramowitz and Stegun 26.5.8)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    c, d = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 10_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / _kept(1 + step * d), _kept(1 + step / c)
            fraction *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return front * fraction / a


def _comparison(difference: float, error: float, degrees: float) -> Comparison:
    t = difference / error if error > 0 else math.copysign(math.inf, difference) if difference else 0.0
    return Comparison(difference, error, degrees, 1 - t_cdf(t, degrees))


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _halved(function: Callable[[float], float], wanted: float) -> float:
    low, high = -1.0, 1.0
    while function(low) > wanted and low > -1e12:
        low *= 2
    while function(high) < wanted and high < 1e12:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if function(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2
