"""Compare: the curves of two to five runs over one another, and what differs between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from ...planner.overview import energy_source
from ...store import Store, StoreError
from ...store.records import Metric
from ..actions import Scope
from ..bindings import bindings
from ..text import clean
from ..widgets.difference import Compared, DifferenceTable, differences, head
from ..widgets.loss_chart import LossChart
from ..widgets.rows import Rows
from ..widgets.run_table import gives_results
from ..widgets.section import Line, SectionTitle
from ..widgets.series import Series
from .place import Place
from .run_snapshot import MOST_POINTS, telling


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs, the metrics that any of them has, and one metric's values in each."""

    runs: tuple[Compared, ...]
    metrics: tuple[str, ...]
    metric: str | None
    values: tuple[tuple[Metric, ...], ...]


def compare(store: Store, run_ids: tuple[int, ...], metric: str | None) -> Comparison:
    """Read what is compared, in the archive's thread."""
    runs = []
    for run_id in run_ids:
        run = store.runs.get(run_id)
        last = store.metrics.last(run_id) if gives_results(run) else {}
        meter = energy_source(store, run_id)
        runs.append(Compared(run, store.experiments.get(run.experiment_id), last, meter))
    metrics = tuple(dict.fromkeys(name for one in runs for name in one.last))
    chosen = metric if metric in metrics else telling(metrics)
    values = [
        store.metrics.series(one.run.id, chosen, max_points=MOST_POINTS)
        if chosen is not None and chosen in one.last
        else ()
        for one in runs
    ]
    return Comparison(tuple(runs), metrics, chosen, tuple(values))


class CompareScreen(Place):
    """Lies over the history; Escape goes back there."""

    NAME = "history"
    CSS_PATH = "compare.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.COMPARE)
    AUTO_FOCUS = "#differences"

    def __init__(self, run_ids: tuple[int, ...]) -> None:
        super().__init__()
        self._run_ids = run_ids
        self.comparison: Comparison | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield SectionTitle("compare, reading…", id="compare-title")
        yield LossChart(id="chart")
        yield SectionTitle("differences", id="differences-title")
        yield Line(id="differences-head")
        yield DifferenceTable(id="differences")

    def begin(self) -> None:
        self._load(None)

    def _load(self, metric: str | None) -> None:
        self.work(partial(self._read, metric), "compare")

    async def _read(self, metric: str | None) -> None:
        try:
            self.comparison = await self.our_app.archive.ask(lambda store: compare(store, self._run_ids, metric))
        except StoreError as error:
            self.our_app.say_trouble(error)
            return
        self._draw()

    def _draw(self) -> None:
        comparison = self.comparison
        if comparison is None:
            return
        names = ", ".join(str(one.run.id) for one in comparison.runs)
        self.query_one("#compare-title", SectionTitle).show(f"compare runs {names}", "esc back to history")
        curves = [
            Series.of(f"run {one.run.id}", values)
            for one, values in zip(comparison.runs, comparison.values, strict=True)
        ]
        self.chart.show(clean(comparison.metric or "no metric"), tuple(curves))
        table = self.query_one("#differences", DifferenceTable)
        table.show(differences(comparison.runs))
        self.query_one("#differences-title", SectionTitle).show("differences", table.words)
        self._draw_head()

    def _draw_head(self) -> None:
        if self.comparison is not None:
            width = max(0, self.size.width - 4)
            self.query_one("#differences-head", Line).show([("  ", ""), *head(self.comparison.runs, width)])

    def on_resize(self) -> None:
        if self.is_ready:
            self._draw_head()

    @property
    def chart(self) -> LossChart:
        """The curves."""
        return self.query_one("#chart", LossChart)

    def action_log_scale(self) -> None:
        self.chart.toggle_log_scale()

    def action_smooth(self) -> None:
        self.chart.smooth_more()

    def action_zoom(self) -> None:
        self.chart.action_zoom()

    def action_unzoom(self) -> None:
        self.chart.action_unzoom()

    def action_whole(self) -> None:
        self.chart.whole()

    def action_metric(self, by: int) -> None:
        comparison = self.comparison
        if comparison is None or not comparison.metrics:
            return
        here = comparison.metrics.index(comparison.metric) if comparison.metric in comparison.metrics else 0
        self._load(comparison.metrics[(here + by) % len(comparison.metrics)])

    def action_same(self) -> None:
        table = self.query_one("#differences", DifferenceTable)
        table.with_same = not table.with_same
        table.rows_changed()
        self.query_one("#differences-title", SectionTitle).show("differences", table.words)

    @on(Rows.Chosen, "#differences")
    def _nothing_to_open(self) -> None:
        """A difference has nothing behind it."""

    def text_to_copy(self) -> str:
        table = self.query_one("#differences", DifferenceTable)
        return "\n".join("\t".join([row.name, *row.values]) for row in table.rows)
