"""History: every run there ever was; search, filter, sort, mark, compare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from rich.segment import Segment
from textual import events, on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

from ...planner.calibration import calibration_by_rung
from ...store.records import RunRow, RunSort
from ..actions import Scope
from ..bindings import bindings
from ..calibration_words import calibration_line
from ..engine import Target
from ..text import clean
from ..units import count, duration, duration_interval, energy, size
from ..widgets.painted import Painted
from ..widgets.rows import Rows
from ..widgets.run_table import SORTS, RunTable, taken
from ..widgets.section import Facts, Line, SectionTitle
from .place import Place


class TableHead(Painted):
    """The titles of the columns; a click orders by one."""

    def __init__(self, table: RunTable, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._table = table

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        segments = [Segment("   ")]
        for column, text in self._table.head(width - 3):
            click = f"screen.sort_by('{column.sort}')" if column.sort else ""
            ink = "strong" if column.sort is self._table.wanted.sort else "muted"
            segments.append(Segment(text, self.ink(ink, click)))
        return self.finish(segments, width)


class HistoryScreen(Place):
    """The fourth place."""

    NAME = "history"
    CSS_PATH = "history.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.HISTORY)
    AUTO_FOCUS = "#runs"

    def compose_body(self) -> Iterable[Widget]:
        table = RunTable(id="runs")
        yield SectionTitle("history", id="history-title")
        with Horizontal(id="filter-line"):
            yield Static("filter", classes="label", markup=False)
            yield Input(
                placeholder="words, status:failed rung:full script:train.py, or log:nan", compact=True, id="filter"
            )
        yield TableHead(table, id="runs-head")
        yield table
        yield Line(id="calibration")
        with Vertical(id="run-part"):
            yield SectionTitle("", id="run-part-title")
            yield Facts(id="run-facts", is_focusable=True)

    @property
    def table(self) -> RunTable:
        """The rows."""
        return self.query_one("#runs", RunTable)

    def begin(self) -> None:
        self.table.desk = self.our_app.archive
        self.table.now = self.our_app.clock()
        self.table.load()
        self.work(self._read_calibration, "calibration")

    def come_back(self) -> None:
        self.table.now = self.our_app.clock()
        self.table.load(keep_place=True)
        self.work(self._read_calibration, "calibration")

    async def _read_calibration(self) -> None:
        outcomes = await self.our_app.archive.ask(lambda store: store.forecasts.outcomes())
        self.query_one("#calibration", Line).show([(calibration_line(calibration_by_rung(outcomes)), "muted")])

    def beat(self, *, changed: bool) -> None:
        # A run that only goes on does not move the others: its row is read again, the order when one came or ended.
        if changed and not self.table.is_loading:
            self.work(self._look_again, "again")

    async def _look_again(self) -> None:
        table = self.table
        total = await self.our_app.archive.ask(table.wanted.count)
        if total != table.total:
            table.load(keep_place=True)
        else:
            table.refresh_rows()

    @on(RunTable.Loaded)
    def _loaded(self) -> None:
        self._draw_title()
        self.query_one("#runs-head").refresh()
        self._draw_run()

    def _draw_title(self) -> None:
        table = self.table
        marks = f" · {len(table.marks)} marked" if table.marks else ""
        wanted = table.wanted
        filtered = f" · filter: {wanted.filter_text}" if wanted.filter_text else ""
        order = "↓" if wanted.descending else "↑"
        self.query_one("#history-title", SectionTitle).show(
            f"history · {table.words}{filtered}{marks}",
            f"sort: {wanted.sort} {order}",
            "bad" if table.trouble else "muted",
        )

    @on(Rows.Moved, "#runs")
    def _draw_run(self) -> None:
        row = self.table.in_hand
        title = self.query_one("#run-part-title", SectionTitle)
        facts = self.query_one("#run-facts", Facts)
        if row is None:
            title.show("no run here")
            facts.show([])
            return
        title.show(f"run {row.run.id}", str(row.run.rung))
        facts.show(run_facts(row, self.our_app.clock()))

    # ---- actions

    def action_filter(self) -> None:
        self.query_one("#filter", Input).focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.table.wanted = replace(self.table.wanted, filter_text=event.value.strip())
        self.table.load()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.table.focus()

    def on_key(self, event: events.Key) -> None:
        entry = self.query_one("#filter", Input)
        if not entry.has_focus or event.key not in ("escape", "down"):
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            entry.value = ""
        self.table.focus()

    def action_sort(self, by: int) -> None:
        here = SORTS.index(self.table.wanted.sort)
        self._order(SORTS[(here + by) % len(SORTS)], descending=self.table.wanted.descending)

    def action_sort_by(self, sort: str) -> None:
        chosen = RunSort(sort)
        if chosen is self.table.wanted.sort:
            self.action_reverse()
        else:
            self._order(chosen, descending=self.table.wanted.descending)

    def action_reverse(self) -> None:
        self._order(self.table.wanted.sort, descending=not self.table.wanted.descending)

    def _order(self, sort: RunSort, *, descending: bool) -> None:
        self.table.wanted = replace(self.table.wanted, sort=sort, descending=descending)
        self.table.load()
        self._draw_title()
        self.query_one("#runs-head").refresh()

    def action_mark(self) -> None:
        problem = self.table.toggle_mark()
        if problem:
            self.notify(problem, markup=False)
        else:
            self.table.action_cursor_down()
        self._draw_title()

    def action_unmark(self) -> None:
        self.table.marks.clear()
        self.table.refresh()
        self._draw_title()

    def action_compare(self) -> None:
        marks = list(self.table.marks)
        if len(marks) < 2:
            self.notify("Mark two to five runs with space, then compare", markup=False)
            return
        from .compare import CompareScreen

        self.app.push_screen(CompareScreen(tuple(marks)))

    @on(Rows.Chosen, "#runs")
    def _open(self) -> None:
        row = self.table.in_hand
        if row is not None:
            self.our_app.open_run(row.run.id)

    def action_climb(self) -> None:
        row = self.table.in_hand
        if row is not None:
            self.work(partial(self._climb, row.run.experiment_id), "climb")

    async def _climb(self, experiment_id: int) -> None:
        experiment = await self.our_app.archive.ask(lambda store: store.experiments.get(experiment_id))
        self.our_app.climb(Target.of(experiment, climbs=False))

    def text_to_copy(self) -> str:
        row = self.table.in_hand
        return f"run {row.run.id} {row.script} {' '.join(row.args)}".strip() if row else ""


SAFE = {None: "unknown where it wrote", "none": "wrote for real"}


def run_facts(row: RunRow, now: float) -> list[tuple[str, str, str]]:
    """What is known about a run, in a few lines."""
    run = row.run
    what = f"-m {row.module}" if row.module else str(row.script)
    ended = f"{run.status}{f': {run.reason}' if run.reason else ''}"
    used = [
        f"{count(run.steps)} of {count(run.planned_steps)} steps",
        f"time {taken(run, now)} (forecast {duration_interval(row.forecast_seconds)})",
        f"memory {size(run.peak_host_bytes)}",
        f"GPU memory {size(run.peak_device_bytes)}",
        f"energy {energy(run.energy_joules)}",
    ]
    ceiling = "no ceiling" if run.ceiling_seconds is None else f"ceiling {duration(run.ceiling_seconds)}"
    safe = SAFE.get(run.isolation, f"wrote into scratch only ({run.isolation})")
    return [
        ("·", "muted", clean(f"{what} {' '.join(row.args)}")),
        ("·", "muted", f"{ended} · {ceiling} · {safe}"),
        ("·", "muted", " · ".join(used)),
    ]
