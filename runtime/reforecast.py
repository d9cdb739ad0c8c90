"""What a run under way will take in all, told from its own progress.

Invariant: pure. It says nothing before enough of the run was seen, and its bounds are of what is left: what has passed
is certain.
"""

from __future__ import annotations

from statistics import fmean, stdev

from ..store.records import Interval

WARM_UP_SHARE = 0.01
WARM_UP_STEPS = 3
"""Steps at the start that say nothing about the rest."""

LEAST_SHARE = 0.05
"""The share of all steps that must be done before anything is said."""

LEAST_BLOCKS = 8
LEAST_ERROR = 0.03
"""Of what is left: evaluations and the last save come in lumps."""

MOST_POINTS = 64


class Progress:
    """The steps of one run against its clock."""

    def __init__(self, planned_steps: int) -> None:
        self._planned = planned_steps
        self._first = max(WARM_UP_STEPS, WARM_UP_SHARE * planned_steps)
        self._points: list[tuple[float, int]] = []
        self._stride = 1
        self._heard = 0

    def hear(self, elapsed_seconds: float, steps: int) -> None:
        """Take note of where the run is. Points are thinned, so that hours cost no more than minutes."""
        if steps < self._first or (self._points and steps <= self._points[-1][1]):
            return
        self._heard += 1
        if self._heard % self._stride:
            return
        self._points.append((elapsed_seconds, steps))
        if len(self._points) > MOST_POINTS:
            self._points = self._points[::2]
            self._stride *= 2

    def total(self) -> Interval | None:
        """Seconds from start to end; ``None`` while it is too early to tell."""
        if len(self._points) <= LEAST_BLOCKS or self._points[-1][1] < LEAST_SHARE * self._planned:
            return None
        elapsed, steps = self._points[-1]
        left = max(0, self._planned - steps)
        rates = [
            (later[0] - earlier[0]) / (later[1] - earlier[1])
            for earlier, later in zip(self._points, self._points[1:], strict=False)
        ]
        began, first = self._points[0]
        whole = (elapsed - began) / (steps - first)
        lately = fmean(rates[-len(rates) // 4 :])
        # Blocks that follow each other are alike, so their scatter says less than it seems: twice the standard error.
        error = min(0.9, max(LEAST_ERROR, 2 * stdev(rates) / len(rates) ** 0.5 / whole))
        slow, fast = max(whole, lately), min(whole, lately)
        return Interval(
            elapsed + left * fast * (1 - error), elapsed + left * whole, elapsed + left * slow * (1 + error)
        )
