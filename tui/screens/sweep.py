"""Sweep: the trials as they come, their curves, the best with its noise, what is spent and left, and advice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from ...planner.sweep.state import curve_of
from ...store import Store, StoreError
from ...store.records import Experiment, Sweep, SweepStatus, TrialState
from ..actions import Scope
from ..bindings import bindings
from ..sweep_words import summary_lines
from ..text import clean
from ..units import duration
from ..widgets.rows import Rows
from ..widgets.section import Facts, Line, SectionTitle
from ..widgets.trial_table import HEAD, TrialRow, TrialTable
from .place import Place


@dataclass(frozen=True, slots=True)
class SweepSnapshot:
    """The latest sweep of an experiment at one moment."""

    experiment: Experiment
    sweep: Sweep | None
    rows: tuple[TrialRow, ...] = ()
    spent_seconds: float = 0.0
    running: int = 0


def take(store: Store, experiment_id: int) -> SweepSnapshot:
    """Read it all, in the reader's thread."""
    experiment = store.experiments.get(experiment_id)
    sweeps = store.sweeps.for_experiment(experiment_id)
    if not sweeps:
        return SweepSnapshot(experiment, None)
    sweep = sweeps[-1]
    trials = store.sweeps.trials(sweep.id)
    best = ((sweep.summary or {}).get("best") or {}).get("number")
    return SweepSnapshot(
        experiment,
        sweep,
        tuple(TrialRow(one, curve_of(store, one.run_id, sweep.metric), one.number == best) for one in trials),
        sum(one.cost_seconds or 0.0 for one in trials),
        sum(one.state is TrialState.RUNNING for one in trials),
    )


class SweepScreen(Place):
    """Lies over the ladder; Escape goes back there."""

    NAME = "ladder"
    CSS_PATH = "sweep.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.SWEEP)
    AUTO_FOCUS = "#trials"

    def __init__(self, experiment_id: int) -> None:
        super().__init__()
        self._experiment_id = experiment_id
        self._best_first = False
        self.snapshot: SweepSnapshot | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield Line(id="sweep-standing")
        yield SectionTitle("trials", id="trials-title")
        yield Line(id="trials-head")
        yield TrialTable(id="trials")
        yield SectionTitle("what they allow to say", id="summary-title")
        yield Facts(id="summary")

    def begin(self) -> None:
        self._load()

    def come_back(self) -> None:
        self._load()

    def beat(self, *, changed: bool) -> None:
        if changed:
            self._load()

    def _load(self) -> None:
        self.work(self._read, "sweep")

    async def _read(self) -> None:
        try:
            self.snapshot = await self.our_app.reader.ask(partial(take, experiment_id=self._experiment_id))
        except StoreError as error:
            self.our_app.say_trouble(error)
            return
        self._draw()
        sweep = self.snapshot.sweep
        if sweep is not None and sweep.ended_at is None:
            await self._go_on(sweep.id)

    async def _go_on(self, sweep_id: int) -> None:
        """A sweep whose conductor was killed goes on, now that somebody looks."""
        backend = self.our_app.backend
        try:
            await self.our_app.archive.ask(lambda store: backend.go_on(store, sweep_id))
        except (StoreError, OSError) as error:
            self.our_app.say_trouble(error)

    def _draw(self) -> None:
        told = self.snapshot
        if told is None:
            return
        standing, facts = self.query_one("#sweep-standing", Line), self.query_one("#summary", Facts)
        self.query_one("#trials-head", Line).show([(f"  {HEAD}", "muted")])
        if told.sweep is None:
            name = clean(told.experiment.script.name)
            standing.show([("no sweep yet", "strong")])
            facts.show([("·", "muted", f"mlintern sweep {name} plans one, tells its cost and asks")])
            return
        sweep = told.sweep
        way = "higher is better" if sweep.maximise else "lower is better"
        ink = "accent" if sweep.status is SweepStatus.RUNNING else ""
        standing.show(
            [(f"sweep {sweep.id} ", "strong"), (f"{sweep.status}", ink), (f" · {sweep.metric}, {way}", "")],
            [(f"spent {duration(told.spent_seconds)} of {duration(sweep.ceiling_seconds)}", "muted")],
        )
        under_way = f" · {told.running} under way" if told.running else ""
        order = "the best first" if self._best_first else "as they came"
        self.query_one("#trials-title", SectionTitle).show(f"trials {len(told.rows)}{under_way}", order)
        self.table.show(self._ordered(told))
        facts.show([("·", "muted", line) for line in self._lines(sweep)])

    def _lines(self, sweep: Sweep) -> list[str]:
        lines = list(summary_lines(sweep))
        if sweep.status is not SweepStatus.RUNNING and sweep.why:
            lines.insert(0, f"{sweep.status}: {sweep.why}")
        return lines or ["nothing yet: the script's own configuration is tried first"]

    def _ordered(self, told: SweepSnapshot) -> tuple[TrialRow, ...]:
        if not self._best_first or told.sweep is None:
            return told.rows
        sign = -1.0 if told.sweep.maximise else 1.0
        valued = [row for row in told.rows if row.trial.value is not None]
        rest = [row for row in told.rows if row.trial.value is None]
        return (*sorted(valued, key=lambda row: sign * (row.trial.value or 0.0)), *rest)

    @property
    def table(self) -> TrialTable:
        """The trials."""
        return self.query_one("#trials", TrialTable)

    def action_order(self) -> None:
        self._best_first = not self._best_first
        self._draw()

    @on(Rows.Chosen, "#trials")
    def _open_run(self) -> None:
        row = self.table.in_hand
        if row is not None:
            self.our_app.open_run(row.trial.run_id)

    def text_to_copy(self) -> str:
        row = self.table.in_hand
        return "" if row is None else " ".join(f"{name}={value}" for name, value in row.trial.parameters.items())
