"""The rungs, with forecast against actual.

Invariant: a rung's state is told by a sign and a word, never by colour alone.
"""

from __future__ import annotations

from ...planner.moves import Ask
from ...planner.view import LadderView, RungView
from ...store.records import RungName, RungStatus
from ..text import clean, fit, right
from ..units import duration, duration_interval
from .painted import Piece
from .rows import Rows

SIGNS: dict[RungStatus, tuple[str, str]] = {
    RungStatus.PLANNED: ("·", "muted"),
    RungStatus.WAITING: ("?", "accent"),
    RungStatus.RUNNING: ("»", "accent"),
    RungStatus.PASSED: ("✓", "good"),
    RungStatus.FAILED: ("✗", "bad"),
    RungStatus.STOPPED: ("■", "warn"),
    RungStatus.SKIPPED: ("–", "muted"),
    RungStatus.NOT_BUILT: ("·", "muted"),
}
NAME_WIDTH, STATUS_WIDTH, ACTUAL_WIDTH = 11, 14, 8


class LadderTable(Rows):
    """One line a rung."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.view: LadderView | None = None
        self.now = 0.0

    def show(self, view: LadderView, now: float) -> None:
        """Draw this ladder from now on; ``now`` tells how long a run has been going."""
        # The mark goes with the climb until someone has put it elsewhere.
        goes_along = self.view is None or self.view.experiment.id != view.experiment.id or self._is_at_the_move
        self.view, self.now = view, now
        self.rows_changed()
        if goes_along:
            self.cursor = next((index for index, rung in enumerate(view.rungs) if rung.name is view.move.rung), 0)

    @property
    def _is_at_the_move(self) -> bool:
        rung = self.rung_in_hand
        return self.view is not None and rung is not None and rung.name is self.view.move.rung

    @property
    def rung_in_hand(self) -> RungView | None:
        """The rung at the cursor."""
        return self.view.rungs[self.cursor] if self.view and self.view.rungs else None

    def row_count(self) -> int:
        return len(self.view.rungs) if self.view else 0

    def draw(self, index: int, width: int) -> list[Piece]:
        if self.view is None:
            return []
        return rung_pieces(self.view, self.view.rungs[index], width, now=self.now)


def table_head(width: int) -> str:
    """The names of the columns, aligned with the rows."""
    return _columns("  rung", "status", "forecast", right("actual", ACTUAL_WIDTH), "shows", width=width)


def _forecast_width(width: int) -> int:
    return 24 if width >= 96 else 20


def _columns(name: str, status: str, forecast: str, actual: str, shows: str, *, width: int) -> str:
    cells = [
        fit(name, NAME_WIDTH + 2), fit(status, STATUS_WIDTH), fit(forecast, _forecast_width(width)), actual, "  ", shows
    ]  # fmt: skip
    return fit("".join(cells), width)


def rung_pieces(view: LadderView, rung: RungView, width: int, *, now: float) -> list[Piece]:
    """One rung in ``width`` cells."""
    asks = isinstance(view.move, Ask) and view.move.rung is rung.name
    sign, ink = SIGNS[RungStatus.WAITING if asks else rung.status]
    if rung.status is RungStatus.PASSED and rung.findings:
        sign, ink = "!", "warn"
    is_quiet = rung.status in (RungStatus.NOT_BUILT, RungStatus.SKIPPED)
    forecast_width = _forecast_width(width)
    forecast = duration_interval(rung.forecast.seconds) if rung.forecast else "—"
    if len(forecast) > forecast_width - 1 and rung.forecast and rung.forecast.seconds:
        forecast = duration(rung.forecast.seconds.mid)
    actual = actual_words(rung, now)
    rest = width - NAME_WIDTH - 2 - STATUS_WIDTH - forecast_width - ACTUAL_WIDTH - 2
    return [
        (f"{sign} ", ink),
        (fit(rung.name, NAME_WIDTH), "muted" if is_quiet else "strong"),
        (fit(status_words(rung, asks=asks), STATUS_WIDTH), ink),
        (fit(forecast, forecast_width), "muted" if forecast == "—" else ""),
        (right(actual, ACTUAL_WIDTH), "muted" if actual == "—" else ""),
        ("  ", ""),
        (fit(clean(rung.why if rung.why and _says_why(rung) else rung.shows), max(0, rest)), "muted"),
    ]


_SAYS_WHY = (RungStatus.FAILED, RungStatus.STOPPED, RungStatus.SKIPPED)


def _says_why(rung: RungView) -> bool:
    """Whether its reason is news; that of a confirmation that passed is the verdict."""
    return rung.status in _SAYS_WHY or (rung.name is RungName.CONFIRM and rung.status is RungStatus.PASSED)


def status_words(rung: RungView, *, asks: bool) -> str:
    """A rung's state in at most twelve cells."""
    if asks:
        return "asks you"
    if rung.status is RungStatus.RUNNING:
        run = rung.run
        if run is not None and run.steps and run.planned_steps:
            return f"running {min(99, 100 * run.steps // run.planned_steps)} %"
        return "running"
    if rung.status is RungStatus.PASSED and rung.findings:
        return f"{rung.findings} finding{'s' if rung.findings > 1 else ''}"
    if rung.status is RungStatus.NOT_BUILT:
        return "not built yet"
    return str(rung.status)


def actual_words(rung: RungView, now: float) -> str:
    """What a rung has taken; while it runs, what it has taken so far."""
    if rung.status is RungStatus.RUNNING and rung.run is not None and rung.run.started_at is not None:
        return f"{duration(max(0.0, now - rung.run.started_at))}…"
    return "—" if rung.actual_seconds is None else duration(rung.actual_seconds)
