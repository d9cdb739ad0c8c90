"""Measured values over steps, prepared for drawing: finite, smoothed, cut to a window, reduced to one span a column.

Invariant: reducing never hides an extreme: the lowest and the highest value of every column are drawn.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...store.records import Metric


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: ``xs`` ascending, ``ys`` finite."""

    label: str
    xs: Sequence[float]
    ys: Sequence[float]
    dropped: int = 0
    """Values that were not finite and are therefore not drawn."""

    @classmethod
    def of(cls, label: str, metrics: Iterable[Metric]) -> Series:
        """The finite values of one metric, in the order of their steps."""
        rows = [(metric.step, metric.value) for metric in metrics]
        finite = sorted(row for row in rows if math.isfinite(row[1]))
        return cls(label, [step for step, _ in finite], [value for _, value in finite], len(rows) - len(finite))

    def positive(self) -> Series:
        """The part that a logarithmic scale can show."""
        if not self.ys or min(self.ys) > 0:
            return self
        kept = [(x, y) for x, y in zip(self.xs, self.ys, strict=True) if y > 0]
        return Series(self.label, [x for x, _ in kept], [y for _, y in kept], len(self.xs) - len(kept) + self.dropped)

    def smoothed(self, span: float) -> Series:
        """An exponential moving average over about ``span`` steps, unbiased at the start; 0 leaves it as it is."""
        if span <= 0 or len(self.xs) < 2:
            return self
        total = weight = 0.0
        previous = self.xs[0]
        smooth: list[float] = []
        for x, y in zip(self.xs, self.ys, strict=True):
            keep = math.exp((previous - x) / span)
            total, weight, previous = total * keep + y, weight * keep + 1.0, x
            smooth.append(total / weight)
        return Series(self.label, self.xs, smooth, self.dropped)


def bounds(series: Iterable[Series], start: float, end: float) -> tuple[float, float] | None:
    """The lowest and highest value of all curves within the window; ``None`` where nothing is in it."""
    lows: list[float] = []
    highs: list[float] = []
    for curve in series:
        inside = curve.ys[bisect_left(curve.xs, start) : bisect_right(curve.xs, end)]
        if inside:
            lows.append(min(inside))
            highs.append(max(inside))
    return (min(lows), max(highs)) if lows else None


def extremes(curve: Series, start: float, end: float, columns: int) -> list[tuple[float, float] | None]:
    """The lowest and highest value in each of ``columns`` equal parts of the window.

    Between points that lie further apart than a column, values are interpolated, so that a sparse curve is a line.
    """
    found: list[tuple[float, float] | None] = [None] * columns
    if end <= start or columns < 1:
        last = [y for x, y in zip(curve.xs, curve.ys, strict=True) if x == start]
        return [(min(last), max(last)), *found[1:]] if last and found else found
    scale = (columns - 1) / (end - start)
    left = max(0, bisect_left(curve.xs, start) - 1)
    right = min(len(curve.xs), bisect_right(curve.xs, end) + 1)
    position = left
    while position < right:
        column = round((curve.xs[position] - start) * scale)
        edge = start + (column + 0.5) / scale
        following = max(position + 1, bisect_left(curve.xs, edge, position, right))
        if 0 <= column < columns:
            part = curve.ys[position:following]
            found[column] = (min(part), max(part))
        if following < right:
            _bridge(found, curve, following - 1, start, scale)
        position = following
    return found


def _bridge(found: list[tuple[float, float] | None], curve: Series, position: int, start: float, scale: float) -> None:
    """Fill the columns between the point at ``position`` and the next one along a straight line."""
    x, next_x = (curve.xs[position] - start) * scale, (curve.xs[position + 1] - start) * scale
    y, next_y = curve.ys[position], curve.ys[position + 1]
    first, last = round(x) + 1, round(next_x)
    if first >= last:
        return
    slope = (next_y - y) / (next_x - x)
    for column in range(max(0, first), min(last, len(found))):
        value = y + slope * (column - x)
        found[column] = (value, value)


def spliced(coarse: Series, detail: Series) -> Series:
    """A thinned curve whose part between the ends of ``detail`` is replaced by it."""
    if not detail.xs:
        return coarse
    left, right = bisect_left(coarse.xs, detail.xs[0]), bisect_right(coarse.xs, detail.xs[-1])
    return Series(
        coarse.label,
        [*coarse.xs[:left], *detail.xs, *coarse.xs[right:]],
        [*coarse.ys[:left], *detail.ys, *coarse.ys[right:]],
        coarse.dropped,
    )
