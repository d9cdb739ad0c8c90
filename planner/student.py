"""Student's t distribution, which the standard library lacks: probabilities and quantiles for small numbers of seeds.

Source: the regularised incomplete beta function by Lentz's continued fraction (Abramowitz and Stegun 26.5.8).
"""

from __future__ import annotations

import math

_TINY = 1e-300
_CLOSE = 1e-14


def two_sided(t: float, degrees: float) -> float:
    """The chance of a value at least as far from zero as ``t``, with so many degrees of freedom."""
    return 0.0 if math.isinf(t) else incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))


def cdf(t: float, degrees: float) -> float:
    """The distribution function."""
    tail = two_sided(t, degrees) / 2
    return 1 - tail if t > 0 else tail


def within(level: float, degrees: float) -> float:
    """The distance from zero that ``level`` of the values stay within."""
    low, high = 0.0, 1.0
    while two_sided(high, degrees) > 1 - level:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided(middle, degrees) > 1 - level else (low, middle)
    return high


def quantile(probability: float, degrees: float) -> float:
    """The inverse of :func:`cdf`; ``probability`` between 0 and 1."""
    return math.copysign(within(abs(2 * probability - 1), degrees), probability - 0.5)


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


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
