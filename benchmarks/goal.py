"""A goal beside what was measured, as one line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """``None`` as a goal is a figure without one."""

    what: str
    goal: float | tuple[float, float] | None
    measured: float
    sense: str
    """``at most``, ``at least`` or ``within``."""
    unit: str = "%"

    @property
    def is_met(self) -> bool:
        """Whether what was measured is as good as the goal."""
        match self.goal:
            case None:
                return True
            case (low, high):
                return low <= self.measured <= high
            case bound if self.sense == "at least":
                return self.measured >= bound
            case bound:
                return self.measured <= bound

    @property
    def line(self) -> str:
        """For the terminal and for docs."""
        mark = "–" if self.goal is None else "met" if self.is_met else "MISSED"
        return f"{self.what:62} goal {self._goal:>14}  measured {self._text(self.measured):>10}  {mark}"

    @property
    def _goal(self) -> str:
        match self.goal:
            case None:
                return "none"
            case (low, high):
                return f"{self._text(low)}–{self._text(high)}"
            case bound:
                return f"{'≥' if self.sense == 'at least' else '≤'} {self._text(bound)}"

    def _text(self, value: float) -> str:
        return f"{100 * value:.1f} %" if self.unit == "%" else f"{value:.3g} {self.unit}"
