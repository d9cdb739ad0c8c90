"""Reading the end of a loop from its own condition: ``if step > max_steps: break``, ``while step < max_steps``.

A condition is watched at every test. From two observations of the counter follow its gain per optimizer step and per
iteration, and from these the number of steps at which the condition ends the loop. Nothing is guessed: a counter that
did not move, or moved unevenly, says nothing.
"""

from __future__ import annotations

import math
import operator
from typing import Any, Literal

COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_STOPS_WHEN = {"<": ">=", "<=": ">", "!=": "=="}
"""For ``while`` conditions: the comparison that ends the loop."""

Observation = tuple[float, int, int]
"""The counter, the steps done in the run, the iterations done in this entry of the loop."""


class Bound:
    """What one condition of one loop has shown so far."""

    __slots__ = ("_entry_first", "_first", "_last", "_resets", "limit", "stops_when")

    def __init__(self, comparison: str, limit: float, *, continues: bool) -> None:
        self.stops_when = _STOPS_WHEN.get(comparison, comparison) if continues else comparison
        self.limit = limit
        self._first: Observation | None = None
        self._entry_first: Observation | None = None
        self._last: Observation | None = None
        self._resets = False

    def observe(self, counter: float, limit: float, steps: int, iteration: int) -> None:
        """Note the counter at one test; ``iteration`` counts from 0 at each entry of the loop."""
        now = (counter, steps, iteration)
        if self._first is None:
            self._first = self._entry_first = now
        elif self._last is not None and (iteration < self._last[2] or counter < self._last[0]):
            self._resets = self._resets or counter < self._last[0]
            self._entry_first = now
        self._last = now
        self.limit = limit

    def report(self) -> dict[str, Any] | None:
        """``{"scope": "run"|"entry", "steps": n|None, "iterations": n|None}``, or ``None`` when nothing is known."""
        first = self._entry_first if self._resets else self._first
        if first is None or self._last is None or self._entry_first is None:
            return None
        steps = self._ends_at(first, self._last, 1)
        if steps is not None and self._resets:
            steps -= first[1]
        iterations = self._ends_at(self._entry_first, self._last, 2)
        if steps is None and iterations is None:
            return None
        return {"scope": "entry" if self._resets else "run", "steps": steps, "iterations": iterations}

    def _ends_at(self, first: Observation, last: Observation, clock: Literal[1, 2]) -> int | None:
        gain = last[0] - first[0]
        ticks = last[clock] - first[clock]
        if gain <= 0 or ticks <= 0:
            return None
        distance = (self.limit - first[0]) * ticks / gain
        if not math.isfinite(distance):
            return None
        nearest = round(distance)
        if abs(distance - nearest) < 1e-6:
            distance = nearest
        more = math.floor(distance) + 1 if self.stops_when == ">" else math.ceil(distance)
        return int(first[clock] + max(0, more))
