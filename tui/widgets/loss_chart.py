"""Curves of one metric over the steps, in braille dots: log scale, smoothing, zoom, up to five curves over one another.

Invariant: drawing costs the size of the chart and not the length of the run, and happens only after a change; curves
are told apart by dash pattern and by a number at their end, not by colour alone.
"""

from __future__ import annotations

import math
from dataclasses import replace

from textual import events
from textual.reactive import reactive
from textual.strip import Strip

from ..actions import Scope
from ..bindings import bindings
from ..text import fit, right
from ..units import number
from .braille import DOTS_ACROSS, DOTS_DOWN, Canvas, Span, log_ticks, nice_ticks, overlaid, short
from .chart_view import SMOOTHING, ChartView
from .painted import SERIES_INKS, Painted, Piece, pieces_width
from .series import Series, bounds, extremes

MOST_SERIES = len(SERIES_INKS)
PATTERNS: tuple[tuple[bool, ...], ...] = (
    (True,),
    (True, True, False, False),
    (True, False),
    (True, True, True, True, True, False, False, False),
    (True, False, False, False),
)
LABEL_WIDTH = 6


class LossChart(Painted, can_focus=True):
    """The chart; give it curves with :meth:`show`."""

    BINDINGS = bindings(Scope.CHART)
    view: reactive[ChartView] = reactive(ChartView())

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = ""
        self._series: tuple[Series, ...] = ()
        self._prepared: tuple[Series, ...] | None = None
        self._lines: list[Strip] | None = None

    def show(self, title: str, series: tuple[Series, ...]) -> None:
        """Draw these curves from now on; the first five of them."""
        self._title, self._series = title, series[:MOST_SERIES]
        self._prepared = None
        self.redraw()

    def redraw(self) -> None:
        """Draw anew when it is next seen."""
        self._lines = None
        self.refresh()

    def watch_view(self, old: ChartView, new: ChartView) -> None:
        if (old.log_scale, old.smoothing) != (new.log_scale, new.smoothing):
            self._prepared = None
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines = None

    @property
    def steps(self) -> tuple[float, float]:
        """The first and the last step of all curves."""
        drawn = [curve for curve in self._series if curve.xs]
        if not drawn:
            return 0.0, 0.0
        return min(curve.xs[0] for curve in drawn), max(curve.xs[-1] for curve in drawn)

    def render_line(self, y: int) -> Strip:
        if self._lines is None:
            self._lines = self._draw()
        return self._lines[y] if y < len(self._lines) else self.strip((), self.size.width)

    def _prepare(self) -> tuple[Series, ...]:
        if self._prepared is None:
            first, last = self.steps
            span = SMOOTHING[self.view.smoothing] * (last - first)
            fitting = (curve.positive() if self.view.log_scale else curve for curve in self._series)
            self._prepared = tuple(curve.smoothed(span) for curve in fitting)
        return self._prepared

    def _draw(self) -> list[Strip]:
        width, height = self.content_size
        lines = [self._heading(width)]
        plot_height = height - 2
        series = self._prepare()
        start, end = self.view.window(*self.steps)
        extent = bounds(series, start, end)
        numbered = len(self._series) > 1
        plot_width = width - LABEL_WIDTH - 1 - (2 if numbered else 0)
        if extent is None or plot_height < 1 or plot_width < 4:
            return [*lines, *self._nothing(width)]
        scale = Scale(*extent, rows=plot_height * DOTS_DOWN, logarithmic=self.view.log_scale)
        canvases: list[Canvas] = []
        end_marks: dict[int, Piece] = {}
        for index, curve in enumerate(series):
            columns = extremes(curve, start, end, plot_width * DOTS_ACROSS)
            spans: list[Span | None] = [span and (scale.row(span[1]), scale.row(span[0])) for span in columns]
            canvas = Canvas(plot_width, plot_height)
            canvas.curve(spans, PATTERNS[index] if numbered else PATTERNS[0])
            canvases.append(canvas)
            last = next((span for span in reversed(spans) if span), None)
            if numbered and last:
                row = _free_row(end_marks, (last[0] + last[1]) // 2 // DOTS_DOWN, plot_height)
                end_marks[row] = (f" {index + 1}", SERIES_INKS[index])
        marks = scale.marks()
        for row in range(plot_height):
            curves = [
                (text, SERIES_INKS[owner]) for text, owner in overlaid([canvas.cells[row] for canvas in canvases])
            ]
            label = right(marks.get(row, ""), LABEL_WIDTH)
            pieces: list[Piece] = [(label, "muted"), ("┤" if row in marks else "│", "faint")]
            lines.append(self.strip([*pieces, *curves, end_marks.get(row, ("", ""))], width))
        lines.append(self.strip([(_step_marks(start, end, width, plot_width), "muted")], width))
        return lines

    def _heading(self, width: int) -> Strip:
        dropped = sum(curve.dropped for curve in self._prepare())
        reason = "not finite, or ≤ 0" if self.view.log_scale else "not finite"
        lost: list[Piece] = [(f"  {dropped} not drawn ({reason})", "warn")] if dropped else []
        words = self.view.words
        for legend in (self._legend(with_values=True), self._legend(with_values=False)):
            pieces = [(self._title, "strong"), *legend, *lost]
            room = width - pieces_width(pieces) - 2
            if room >= len(words):
                break
        if room > 0:
            # How a curve is drawn says more than which part of it is: the beginning stays.
            pieces.append((right(words, room + 2) if room >= len(words) else f"  {fit(words, room)}", "muted"))
        return self.strip(pieces, width)

    def _legend(self, *, with_values: bool) -> list[Piece]:
        def value(curve: Series) -> str:
            return (f" {number(curve.ys[-1])}" if curve.ys else " no values") if with_values else ""

        if not any(curve.ys for curve in self._series):
            return []
        if len(self._series) == 1:
            return [(value(self._series[0]), "")]
        return [
            (f"  {index + 1} {curve.label}{value(curve)}", SERIES_INKS[index])
            for index, curve in enumerate(self._series)
        ]

    def _nothing(self, width: int) -> list[Strip]:
        words = "no values yet" if not any(curve.xs for curve in self._series) else "no values to draw here"
        return [self.strip((), width), self.strip([(f"  {words}", "muted")], width)]

    def action_zoom(self) -> None:
        self.view = self.view.zoomed(1)

    def action_unzoom(self) -> None:
        self.view = self.view.zoomed(-1)

    def action_pan(self, by: int) -> None:
        first, last = self.steps
        self.view = self.view.panned(by, first=first, last=last)

    def action_tail(self) -> None:
        self.view = self.view.following()

    def action_start(self) -> None:
        first, last = self.steps
        self.view = self.view.at_start(first=first, last=last)

    def whole(self) -> None:
        """Show all steps again."""
        self.view = self.view.whole()

    def toggle_log_scale(self) -> None:
        """Switch between the linear and the logarithmic axis."""
        self.view = replace(self.view, log_scale=not self.view.log_scale)

    def smooth_more(self) -> None:
        """Go on to the next smoothing."""
        self.view = self.view.next_smoothing()

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_zoom()

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_unzoom()


class Scale:
    """From values to dot rows, and the marks beside them."""

    def __init__(self, low: float, high: float, *, rows: int, logarithmic: bool) -> None:
        if high <= low:
            margin = abs(low) * 0.05 or 0.5
            low, high = (low * 0.9, low * 1.1) if logarithmic else (low - margin, low + margin)
        self.low, self.high, self.rows = low, high, rows
        self._log = logarithmic
        self._base = math.log(low) if logarithmic else low
        self._factor = (rows - 1) / ((math.log(high) if logarithmic else high) - self._base)

    def row(self, value: float) -> int:
        """The dot row of a value, 0 at the top."""
        height = ((math.log(value) if self._log else value) - self._base) * self._factor
        return min(max(self.rows - 1 - round(height), 0), self.rows - 1)

    def marks(self) -> dict[int, str]:
        """Axis marks by cell row."""
        most = max(3, self.rows // DOTS_DOWN // 3)
        ticks = log_ticks(self.low, self.high, most) if self._log else nice_ticks(self.low, self.high, most)
        if len(ticks) < 2:
            ticks = [self.low, self.high]
        return {self.row(tick) // DOTS_DOWN: short(tick) for tick in ticks}


def _free_row(taken: dict[int, Piece], wanted: int, rows: int) -> int:
    """The row nearest to the wanted one that holds no mark yet."""
    return min((row for row in range(rows) if row not in taken), key=lambda row: abs(row - wanted), default=wanted)


def _step_marks(start: float, end: float, width: int, plot_width: int) -> str:
    """The line beneath the plot: round steps where they belong, and the newest at the right edge."""
    line = [" "] * width
    left = LABEL_WIDTH + 1
    span = end - start
    newest = short(end)
    corner = left + plot_width - len(newest)
    line[corner : corner + len(newest)] = newest
    for tick in nice_ticks(start, end, max(1, plot_width // 16)) if span > 0 else []:
        text = short(tick)
        at = left + round((tick - start) / span * (plot_width - 1))
        at = max(left, at - len(text) // 2)
        if at + len(text) < corner - 1 and all(cell == " " for cell in line[max(0, at - 1) : at + len(text) + 1]):
            line[at : at + len(text)] = text
    return fit("".join(line), width)
