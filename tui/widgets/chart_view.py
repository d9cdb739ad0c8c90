"""Which part of the steps a chart shows: all of them, the newest, or a part that is held still.

Invariant: a window never leaves the range of the data, and its width depends on the zoom alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_ZOOM = 10
SMOOTHING = (0.0, 0.01, 0.03, 0.1)
"""The offered smoothing spans, as shares of all steps."""


@dataclass(frozen=True, slots=True)
class ChartView:
    """How a chart is looked at."""

    zoom: int = 0
    """The window is the whole range halved this many times."""
    end: float | None = None
    """The right edge of a window that is held; ``None`` follows the newest step."""
    log_scale: bool = False
    smoothing: int = 0

    def window(self, first: float, last: float) -> tuple[float, float]:
        """The steps to show of data that reaches from ``first`` to ``last``."""
        width = (last - first) / 2**self.zoom
        end = last if self.end is None else min(max(self.end, first + width), last)
        return end - width, end

    def zoomed(self, by: int) -> ChartView:
        """Zoom in (1) or out (-1); the whole range always follows."""
        zoom = min(max(self.zoom + by, 0), MOST_ZOOM)
        return replace(self, zoom=zoom, end=self.end if zoom else None)

    def panned(self, by: int, *, first: float, last: float) -> ChartView:
        """Move by a quarter of the window; reaching the newest step follows again."""
        if self.zoom == 0:
            return self
        start, end = self.window(first, last)
        moved = end + by * (end - start) / 4
        return replace(self, end=None if moved >= last else max(moved, first + end - start))

    def at_start(self, *, first: float, last: float) -> ChartView:
        """Hold the window at the first steps."""
        return replace(self, end=first + (last - first) / 2**self.zoom if self.zoom else None)

    def following(self) -> ChartView:
        """Follow the newest step."""
        return replace(self, end=None)

    def whole(self) -> ChartView:
        """Show all steps."""
        return replace(self, zoom=0, end=None)

    def next_smoothing(self) -> ChartView:
        """The next stronger smoothing, after the strongest none."""
        return replace(self, smoothing=(self.smoothing + 1) % len(SMOOTHING))

    @property
    def words(self) -> str:
        """What is shown, in words: nothing of it is told by colour or position alone."""
        part = "all steps" if self.zoom == 0 else f"1/{2**self.zoom} of the steps"
        held = ", held" if self.end is not None else ", newest" if self.zoom else ""
        scale = "log · " if self.log_scale else ""
        smooth = f"smoothed {SMOOTHING[self.smoothing]:.0%} · ".replace("%", " %") if self.smoothing else ""
        return f"{scale}{smooth}{part}{held}"
