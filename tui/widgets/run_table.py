"""The history of all runs: a million of them open at once, because only the rows on the screen are ever read.

Invariant: the first page is shown before the rest is counted or ordered; every read happens in the archive's thread.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from textual.message import Message

from ...planner.rungs import FACTS
from ...store import Store, StoreError
from ...store.records import Run, RunRow, RunSort, RunStatus
from ..beside import run_beside
from ..desk import Desk
from ..moments import day
from ..text import clean, fit, right
from ..units import count, duration, money, number
from .painted import Piece
from .rows import Rows
from .run_query import PAGE, RunQuery

MOST_PAGES = 40
MOST_MARKS = 5

STATUS: dict[RunStatus, tuple[str, str]] = {
    RunStatus.STARTING: ("» starting", "accent"),
    RunStatus.RUNNING: ("» running", "accent"),
    RunStatus.DONE: ("✓ done", "good"),
    RunStatus.FAILED: ("✗ failed", "bad"),
    RunStatus.STOPPED: ("■ stopped", "warn"),
    RunStatus.LOST: ("? lost", "warn"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, width and the order that it offers."""

    title: str
    width: int
    sort: RunSort | None
    is_right: bool = False
    least_width: int = 0
    """The table must be this wide for the column to be shown."""


SCRIPT_TITLE = "script"
COLUMNS = (
    Column("run", 7, RunSort.CREATED, is_right=True),
    Column("when", 10, RunSort.ENDED),
    Column(SCRIPT_TITLE, 0, RunSort.SCRIPT),
    Column("rung", 10, RunSort.RUNG),
    Column("status", 10, RunSort.STATUS),
    Column("loss", 9, RunSort.LOSS, is_right=True),
    Column("time", 9, RunSort.WALL, is_right=True),
    Column("forecast", 11, None, is_right=True, least_width=88),
    Column("cost", 9, RunSort.USD, is_right=True, least_width=100),
)
SORTS = tuple(column.sort for column in COLUMNS if column.sort is not None)


def columns_for(width: int) -> list[tuple[Column, int]]:
    """The columns that fit, each with its width; the script's takes what is left."""
    shown = [column for column in COLUMNS if width >= column.least_width]
    rest = width - sum(column.width for column in shown) - 1
    return [(column, column.width or max(8, rest)) for column in shown]


def forecast_error(row: RunRow) -> str:
    """How far the forecast was off: ``+2 %`` took two per cent longer."""
    forecast, actual = row.forecast_seconds, row.run.wall_seconds
    if forecast is None or actual is None or not forecast.mid or row.run.status is not RunStatus.DONE:
        return "—"
    return f"{100 * (actual - forecast.mid) / forecast.mid:+.0f} %".replace("-", "−")


def gives_results(run: Run) -> bool:
    """Whether what a run measured is a result: the cut loops of the free rungs give none."""
    return FACTS[run.rung].costs


def taken(run: Run, now: float) -> str:
    """What a run has taken; while it goes on, what it has taken so far."""
    if run.wall_seconds is not None:
        return duration(run.wall_seconds)
    if run.status.is_over or run.started_at is None:
        return "—"
    return f"{duration(max(0.0, now - run.started_at))}…"


def cells(row: RunRow, now: float) -> dict[str, tuple[str, str]]:
    """The text and ink of each column."""
    run = row.run
    what = row.module or row.script.name
    return {
        "run": (str(run.id), ""),
        "when": (day(run.ended_at or run.started_at or run.created_at, now), "muted"),
        SCRIPT_TITLE: (clean(f"{what} {' '.join(row.args)}"), "strong"),
        "rung": (str(run.rung), ""),
        "status": STATUS[run.status],
        "loss": (number(run.last_loss) if run.last_loss is not None and gives_results(run) else "—", ""),
        "time": (taken(run, now), ""),
        "forecast": (forecast_error(row), "muted"),
        "cost": (money(run.usd) if run.usd is not None else "—", "muted"),
    }


class RunTable(Rows):
    """The rows, their order, and the marks."""

    @dataclass
    class Loaded(Message):
        """What the table says about itself is different now."""

        table: RunTable

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.desk: Desk[Store] | None = None
        self.now = 0.0
        self.wanted = RunQuery()
        self.total = 0
        self.trouble = ""
        self.is_loading = False
        self.marks: dict[int, RunRow] = {}
        self._ids: array[int] | None = None
        self._pages: dict[int, tuple[RunRow, ...]] = {}
        self._fetching: set[int] = set()
        self._stale: set[int] = set()
        """Pages that are shown until they have been read again."""
        self._generation = 0

    # ---- loading

    def load(self, *, keep_place: bool = False) -> None:
        """Read anew, with the filter and order as they are."""
        self._ids = None
        self.refresh_rows()
        if not keep_place:
            self._pages.clear()
            self.cursor = 0
            self.scroll_to(y=0, animate=False)
        self.is_loading = True
        run_beside(self, partial(self._load, self._generation), group="runs", exclusive=True)

    async def _load(self, generation: int) -> None:
        if self.desk is None:
            return
        wanted = self.wanted
        try:
            first, total = await self.desk.ask(wanted.first)
            self._arrived(generation, first, total)
            if total > PAGE:
                ids = await self.desk.ask(wanted.ids)
                if generation == self._generation:
                    self._ids, self.total = ids, len(ids)
        except StoreError as error:
            self.trouble = str(error)
        if generation == self._generation:
            self.is_loading = False
            self.rows_changed()
            self.post_message(self.Loaded(self))

    def _arrived(self, generation: int, first: tuple[RunRow, ...], total: int) -> None:
        if generation != self._generation:
            return
        self.trouble = ""
        self._pages[0], self.total = first, total
        self._stale.discard(0)
        self.rows_changed()
        self.post_message(self.Loaded(self))

    def row_at(self, index: int) -> RunRow | None:
        """The run at a place; ``None`` while it is being read, which is then under way."""
        page, place = divmod(index, PAGE)
        rows = self._pages.get(page)
        is_current = rows is not None and page not in self._stale
        if not is_current and page not in self._fetching and self.desk is not None:
            self._fetching.add(page)
            run_beside(self, partial(self._fetch, page, self._generation), group="run-pages")
        return rows[place] if rows is not None and place < len(rows) else None

    async def _fetch(self, page: int, generation: int) -> None:
        if self.desk is None:
            return
        wanted, ids = self.wanted, self._ids
        try:
            rows = await self.desk.ask(lambda store: wanted.page(store, page, ids))
        except StoreError as error:
            self.trouble = str(error)
            rows = ()
        if generation != self._generation:
            return
        self._fetching.discard(page)
        self._stale.discard(page)
        while len(self._pages) >= MOST_PAGES:
            del self._pages[next(iter(self._pages))]
        self._pages[page] = rows
        self.refresh()
        self.post_message(self.Loaded(self))

    def refresh_rows(self) -> None:
        """Read again what is on the screen; until it is there, what was read before stays."""
        self._stale = set(self._pages)
        self._fetching.clear()
        self._generation += 1
        self.refresh()

    # ---- drawing

    def row_count(self) -> int:
        return self.total

    def head(self, width: int) -> list[tuple[Column, str]]:
        """The titles, aligned with the rows, with an arrow at the column that orders them."""
        titles = []
        for column, cells_wide in columns_for(width):
            arrow = (" ↓" if self.wanted.descending else " ↑") if column.sort is self.wanted.sort else ""
            align = right if column.is_right else fit
            text = align(f"{column.title}{arrow}", cells_wide - (2 if column.is_right else 1))
            titles.append((column, f"{text}{'  ' if column.is_right else ' '}"))
        return titles

    def draw(self, index: int, width: int) -> list[Piece]:
        row = self.row_at(index)
        mark: Piece = ("*" if row is not None and row.run.id in self.marks else " ", "accent")
        if row is None:
            return [mark, ("…", "muted")]
        return [mark, *_row_pieces(row, self.now, width - 1)]

    # ---- what is in hand

    @property
    def in_hand(self) -> RunRow | None:
        """The run at the cursor."""
        return self.row_at(self.cursor) if self.total else None

    def toggle_mark(self) -> str | None:
        """Mark or unmark the run in hand; returns a reason where that is not possible."""
        row = self.in_hand
        if row is None:
            return "no run here"
        if row.run.id in self.marks:
            del self.marks[row.run.id]
        elif len(self.marks) >= MOST_MARKS:
            return f"at most {MOST_MARKS} runs can be compared; take a mark away first"
        else:
            self.marks[row.run.id] = row
        self.refresh()
        return None

    @property
    def words(self) -> str:
        """How many runs there are, and what is going on."""
        if self.trouble:
            return self.trouble
        runs = "1 run" if self.total == 1 else f"{count(self.total)} runs"
        return f"{runs}{', ordering…' if self.is_loading and self.total > PAGE else ''}"


def _row_pieces(row: RunRow, now: float, width: int) -> Iterator[Piece]:
    texts = cells(row, now)
    for column, cells_wide in columns_for(width):
        text, ink = texts[column.title]
        align = right if column.is_right else fit
        yield align(text, cells_wide - (2 if column.is_right else 1)), ink
        yield ("  " if column.is_right else " "), ""
