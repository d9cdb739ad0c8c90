"""The trials of a sweep, one line each: number, curve, value, cost, state, parameters.

Invariant: a value stands only where it may be compared; a trial that was stopped early shows its curve and no value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...store.records import Trial, TrialState
from ..sweep_words import parameters
from ..text import clean, fit
from ..units import duration, number
from .painted import Piece
from .rows import Rows

_BARS = "▁▂▃▄▅▆▇█"
_CURVE = 12
_STATE = 13
_INKS = {
    TrialState.RUNNING: "accent",
    TrialState.COMPLETE: "",
    TrialState.PRUNED: "muted",
    TrialState.INFEASIBLE: "warn",
    TrialState.FAILED: "bad",
    TrialState.LOST: "bad",
}
HEAD = f"{'#':>4} {'curve':<{_CURVE}} {'value':>8} {'took':>6}  {'state':<{_STATE}} tried"
"""The names of the columns."""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial with its curve."""

    trial: Trial
    curve: tuple[float, ...]
    is_best: bool = False


class TrialTable(Rows):
    """The trials, as they came or the best first."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: tuple[TrialRow, ...] = ()
        self._low = self._high = math.nan

    def show(self, rows: Sequence[TrialRow]) -> None:
        """Draw these; all curves share one scale, so that they can be compared by eye."""
        values = [value for row in rows for value in row.curve if math.isfinite(value)]
        self._low, self._high = min(values, default=math.nan), max(values, default=math.nan)
        self.rows = tuple(rows)
        self.rows_changed()

    @property
    def in_hand(self) -> TrialRow | None:
        """The trial at the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def row_count(self) -> int:
        return len(self.rows)

    def draw(self, index: int, width: int) -> list[Piece]:
        row = self.rows[index]
        trial = row.trial
        value = "—" if trial.value is None else number(trial.value)
        took = "…" if trial.cost_seconds is None else duration(trial.cost_seconds)
        seed = "" if trial.seed is None else f" seed={trial.seed}"
        length = "" if trial.length is None else f" length={trial.length}"
        left = f"{trial.number:>4} "
        rest = f" {value:>8} {took:>6}  "
        tried = clean(f" {parameters(trial.parameters)}{seed}{length}")
        room = max(0, width - len(left) - _CURVE - len(rest) - _STATE)
        state, ink = ("best so far", "good") if row.is_best else (str(trial.state), _INKS[trial.state])
        return [
            (left, "muted"),
            (f"{sparkline(row.curve, _CURVE, self._low, self._high):<{_CURVE}}", "series-1"),
            (rest, "strong" if row.is_best else ""),
            (f"{state:<{_STATE}}", ink),
            (fit(tried, room), ""),
        ]


def sparkline(values: Sequence[float], width: int, low: float, high: float) -> str:
    """A curve in ``width`` bars between two bounds; the last value of each stretch, and ``×`` for what is no number."""
    if not values or width <= 0:
        return ""
    count = min(width, len(values))
    picked = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    span = high - low
    return "".join(_bar(value, low, span) for value in picked)


def _bar(value: float, low: float, span: float) -> str:
    if not math.isfinite(value):
        return "×"
    share = (value - low) / span if span > 0 else 1.0
    return _BARS[min(len(_BARS) - 1, max(0, int(share * len(_BARS))))]
