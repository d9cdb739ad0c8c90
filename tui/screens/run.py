"""Run: the curve, throughput and time left, what it uses against its limits, and its log.

Invariant: looking never touches the run; holding the view still holds only the view.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import Input

from ...store import StoreError
from ..actions import Scope
from ..bindings import bindings
from ..engine import Target
from ..extension import asks_for_more
from ..text import clean
from ..units import duration, parse_duration
from ..widgets.choice import Choice, Stopping
from ..widgets.finding_list import FindingList
from ..widgets.log_view import LogView
from ..widgets.loss_chart import LossChart
from ..widgets.meters import Meters
from ..widgets.painted import Piece
from ..widgets.prompt import Field, Prompt
from ..widgets.rows import Rows
from ..widgets.run_table import gives_results
from ..widgets.section import Facts, Line, SectionTitle
from ..widgets.series import Series, spliced
from .detail import finding_detail
from .hyperparameters import HyperparametersScreen
from .run_snapshot import Snapshot, Wanted, take
from .run_words import all_meters, progress
from .stop_question import StopQuestion

MOST_LOAD_SHARE = 0.2
"""Reading the run takes at most this share of the time, however long its series are."""


class RunScreen(StopQuestion):
    """The third place."""

    NAME = "run"
    CSS_PATH = "run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.RUN)
    AUTO_FOCUS = "#log"

    def __init__(self) -> None:
        super().__init__()
        self.run_id: int | None = None
        self.snapshot: Snapshot | None = None
        self.held = False
        self._metric: str | None = None
        self._with_baseline = False
        self._load_not_before = 0.0

    def compose_body(self) -> Iterable[Widget]:
        yield Line(id="run-title")
        yield Line(id="run-needs")
        yield Facts(id="run-memory")
        with Container(id="run-top"):
            yield LossChart(id="chart")
            yield Meters(id="meters")
        yield SectionTitle("log", id="log-title")
        yield LogView(id="log")
        yield Input(placeholder="search the log", compact=True, id="log-search")
        with Vertical(id="run-findings-part"):
            yield SectionTitle("findings", id="run-findings-title")
            yield FindingList(id="run-findings")
        with Vertical(id="run-asks"):
            yield Stopping(id="stopping")
            yield Prompt(id="prompt")

    def begin(self) -> None:
        self.query_one("#log-search").display = False
        self.query_one("#run-findings-part").display = False
        self.query_one("#run-memory").display = False
        self._draw_title()
        self.come_back()

    def come_back(self) -> None:
        if self.run_id is not None:
            self._load()
        else:
            # Nothing was chosen: the newest run that is going on, or else the newest of all.
            self.work(self._choose, "choose")

    async def _choose(self) -> None:
        live = self.our_app.live
        if live:
            self.open_run(live[-1].id)
            return
        try:
            newest = await self.our_app.reader.ask(lambda store: store.runs.page(limit=1))
        except StoreError as error:
            self.our_app.say_trouble(error)
            return
        if newest:
            self.open_run(newest[0].run.id)

    def open_run(self, run_id: int) -> None:
        """Show this run from now on."""
        if run_id != self.run_id:
            self.run_id, self.snapshot, self._metric, self._with_baseline = run_id, None, None, False
            self.held = False
        if self.is_ready:
            self._load()

    # ---- news

    def beat(self, *, changed: bool) -> None:
        if self.held or self.run_id is None:
            return
        is_live = self.snapshot is not None and not self.snapshot.run.status.is_over
        if is_live:
            self.query_one("#log", LogView).poll()
        if changed and self.our_app.clock() >= self._load_not_before:
            self._load()
        elif is_live:
            self._draw_title()
            self._draw_meters()

    def _load(self) -> None:
        self.work(self._read, "load")

    async def _read(self) -> None:
        if self.run_id is None:
            return
        app, began = self.our_app, self.our_app.clock()
        wanted = Wanted(self.run_id, self._metric, self._window(), self._with_baseline)
        try:
            snapshot = await app.reader.ask(lambda store: take(store, wanted))
        except StoreError as error:
            app.say_trouble(error)
            return
        took = app.clock() - began
        self._load_not_before = app.clock() + took / MOST_LOAD_SHARE
        if snapshot.run.id == self.run_id:
            self._show(snapshot)

    def _window(self) -> tuple[int, int] | None:
        """The steps to read closely: the chart's window and as much again on both sides, for panning."""
        chart = self.query_one("#chart", LossChart)
        if chart.view.zoom == 0:
            return None
        start, end = chart.view.window(*chart.steps)
        return round(start - (end - start)), round(end + (end - start))

    # ---- drawing

    def _show(self, snapshot: Snapshot) -> None:
        log = self.query_one("#log", LogView)
        if self.snapshot is None or log.log_file is None or log.log_file.path != snapshot.run.log_path:
            log.open(snapshot.run.log_path)
        else:
            log.poll()
        log.is_live = not snapshot.run.status.is_over
        self.snapshot = snapshot
        self._draw_title()
        self._draw_chart()
        self._draw_meters()
        self._draw_findings()
        self._draw_memory()

    def _draw_memory(self) -> None:
        words = self.snapshot.memory if self.snapshot is not None else ()
        facts = self.query_one("#run-memory", Facts)
        told = [("!", "warn", one) for one in words]
        if self.snapshot is not None and self.snapshot.diagnosis is not None:
            told.append(("!", "bad", f"diagnosis: {self.snapshot.diagnosis}"))
        facts.display = bool(told)
        facts.show(told)

    def _draw_title(self) -> None:
        line = self.query_one("#run-title", Line)
        if self.snapshot is None:
            line.show([("no run yet" if self.run_id is None else f"run {self.run_id}", "strong")])
            return
        run = self.snapshot.run
        left: list[Piece] = [
            (f"run {run.id} · {run.rung} · {self.snapshot.experiment.name}", "strong"),
            ("  view held" if self.held else "", "warn"),
        ]
        how_far = progress(run, self.elapsed, self.snapshot.reforecast)
        line.show(left, [(how_far, "bad" if run.status == "failed" else "")])
        needs = asks_for_more(run, self.snapshot.reforecast)
        self.query_one("#run-needs").display = needs is not None
        self.query_one("#run-needs", Line).show([(needs or "", "warn")], [("e allow more · x stop", "accent")])

    @property
    def elapsed(self) -> float | None:
        """How long the run has been going, or went."""
        if self.snapshot is None:
            return None
        run = self.snapshot.run
        if run.status.is_over or run.started_at is None:
            return run.wall_seconds
        return max(0.0, self.our_app.clock() - run.started_at)

    def _draw_chart(self) -> None:
        snapshot = self.snapshot
        if snapshot is None:
            return
        chart = self.query_one("#chart", LossChart)
        metric = snapshot.metric or "loss"
        curve = spliced(Series.of(f"run {snapshot.run.id}", snapshot.values), Series.of("", snapshot.detail))
        curves = [curve]
        if snapshot.baseline is not None:
            label = f"run {snapshot.baseline.id} ({snapshot.baseline.rung})"
            curves.append(Series.of(label, snapshot.baseline_values))
        note = "" if gives_results(snapshot.run) else " (cut loops: not a result)"
        chart.show(f"{clean(metric)}{note}", tuple(curves))

    def _draw_meters(self) -> None:
        snapshot = self.snapshot
        if snapshot is None:
            return
        meters = all_meters(
            snapshot.run,
            snapshot.experiment,
            snapshot.forecast,
            snapshot.sample,
            snapshot.budgets,
            elapsed=self.elapsed,
        )
        self.query_one("#meters", Meters).show(meters)

    def _draw_findings(self) -> None:
        findings = self.snapshot.findings if self.snapshot else ()
        self.query_one("#run-findings-part").display = bool(findings)
        self.query_one("#run-findings-title", SectionTitle).show(f"findings {len(findings)}", "⏎ evidence")
        self.query_one("#run-findings", FindingList).show(findings)

    @on(LogView.Changed)
    def _draw_log_title(self, event: LogView.Changed) -> None:
        self.query_one("#log-title", SectionTitle).show("log", event.view.words)

    # ---- actions

    @property
    def chart(self) -> LossChart:
        """The curve."""
        return self.query_one("#chart", LossChart)

    def action_log_scale(self) -> None:
        self.chart.toggle_log_scale()

    def action_smooth(self) -> None:
        self.chart.smooth_more()

    def action_zoom(self) -> None:
        self.chart.action_zoom()
        self._load()

    def action_unzoom(self) -> None:
        self.chart.action_unzoom()
        self._load()

    def action_whole(self) -> None:
        self.chart.whole()

    def action_metric(self, by: int) -> None:
        if self.snapshot is None or not self.snapshot.metrics:
            return
        names = self.snapshot.metrics
        here = names.index(self.snapshot.metric) if self.snapshot.metric in names else 0
        self._metric = names[(here + by) % len(names)]
        self._load()

    def action_baseline(self) -> None:
        self._with_baseline = not self._with_baseline
        self._load()

    def action_pause(self) -> None:
        self.held = not self.held
        self._draw_title()
        if not self.held:
            self._load()

    def action_origins(self) -> None:
        if self.snapshot is not None:
            self.app.push_screen(HyperparametersScreen(self.snapshot.experiment, under=self.NAME))

    def action_search(self) -> None:
        entry = self.query_one("#log-search", Input)
        entry.display = True
        entry.focus()

    @on(Input.Submitted, "#log-search")
    def _search(self, event: Input.Submitted) -> None:
        self.query_one("#log", LogView).search(event.value)
        self._close_search()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.query_one("#log-search").has_focus:
            event.stop()
            event.prevent_default()
            self.query_one("#log", LogView).search("")
            self._close_search()

    def _close_search(self) -> None:
        self.query_one("#log-search").display = False
        self.focus_main()

    def action_ladder(self) -> None:
        if self.snapshot is not None:
            view = self.our_app.climber.view
            if view is not None and view.experiment.id == self.snapshot.experiment.id:
                self.our_app.go("ladder")
            else:
                self.our_app.climb(Target.of(self.snapshot.experiment, climbs=False))

    def action_stop(self) -> None:
        if self.snapshot is None or self.snapshot.run.status.is_over:
            self.notify("This run is over", markup=False)
            return
        self.ask_to_stop(self.snapshot.run.id)

    def action_extend(self) -> None:
        if self.snapshot is None or self.snapshot.run.status.is_over or self.snapshot.run.ceiling_seconds is None:
            self.notify("Only a run under way with a ceiling can be allowed more time", markup=False)
            return
        run, total = self.snapshot.run, self.snapshot.reforecast
        self.query_one("#prompt", Prompt).open(
            "extend",
            f"Allow run {run.id} more than the {duration(run.ceiling_seconds)} approved",
            [Field("time in all", f"{total.high:.0f}s" if total is not None else "", "90s, 30m, 2h or 1d12h")],
            read=lambda texts: (run.id, parse_duration(texts[0])),
        )

    @on(Prompt.Submitted)
    def _extended(self, event: Prompt.Submitted) -> None:
        match event.values:
            case (int(run_id), float(ceiling)):
                self.our_app.do(partial(self._extend, run_id, ceiling))
        self.focus_main()

    async def _extend(self, run_id: int, ceiling_seconds: float) -> None:
        trouble = await self.our_app.climber.extend(run_id, ceiling_seconds)
        if trouble is not None:
            self.notify(trouble, severity="error", timeout=10, markup=False)
        else:
            self.notify(f"Run {run_id} may take {duration(ceiling_seconds)} in all", markup=False)

    @on(Prompt.Cancelled)
    def _not_extended(self) -> None:
        self.focus_main()

    @on(Choice.Answered)
    def _answered(self, event: Choice.Answered) -> None:
        self.answer_stopping(event.answer)

    @on(Choice.Later)
    def _later(self) -> None:
        self.close_stopping()

    def focus_main(self) -> None:
        self.query_one("#log").focus()

    @on(Rows.Chosen, "#run-findings")
    def _show_finding(self) -> None:
        finding = self.query_one("#run-findings", FindingList).in_hand
        if finding is not None and self.snapshot is not None:
            self.app.push_screen(finding_detail(finding, self.snapshot.experiment))

    def text_to_copy(self) -> str:
        return self.query_one("#log", LogView).line_in_hand()
