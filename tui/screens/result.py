"""Result: what the full run reached against the paper's numbers, and what that allows one to say.

Invariant: the test split is read only when the person asks for it here, told what it takes, and once for a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from ...planner.result import Reached, against_paper
from ...runtime.test_reading import TestReadingError, evaluation_of, read_test
from ...store import Store, StoreError
from ...store.records import Experiment, Run, RungName, RunStatus
from ..actions import Scope
from ..bindings import bindings
from ..result_words import facts, what_next
from ..text import clean
from ..widgets.section import Facts, Line, SectionTitle
from .place import Place


@dataclass(frozen=True, slots=True)
class Compared:
    """The latest full run of an experiment at one moment."""

    run: Run | None
    found: tuple[Reached, ...] | None = None
    ceiling_seconds: float | None = None
    """What reading the test split may take; ``None`` where it cannot be read, for the reason in ``why_not``."""
    why_not: str = ""


def compare(store: Store, experiment_id: int) -> Compared:
    """Read it all, in a thread beside the screen."""
    runs = [run for run in store.runs.for_experiment(experiment_id)
            if run.rung is RungName.FULL and run.status is RunStatus.DONE]  # fmt: skip
    if not runs:
        return Compared(None)
    run = max(runs, key=lambda one: one.id)
    found = against_paper(store, run)
    if not found or all(one.value is not None for one in found):
        return Compared(run, found)
    try:
        return Compared(run, found, evaluation_of(store, run).ceiling_seconds)
    except TestReadingError as error:
        return Compared(run, found, None, str(error))


class ResultScreen(Place):
    """Lies over the Ladder; Escape goes back there."""

    NAME = "ladder"
    CSS_PATH = "result.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.RESULT)
    AUTO_FOCUS = "#result"

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self.experiment = experiment
        self.compared: Compared | None = None
        self._reads = False

    def compose_body(self) -> Iterable[Widget]:
        yield Line(id="result-title")
        yield SectionTitle("against the paper", id="against")
        result = Facts(id="result")
        result.can_focus = True
        yield result
        yield Facts(id="result-state")

    def begin(self) -> None:
        self.query_one("#result-title", Line).show([(clean(self.experiment.name), "strong"), ("  result", "muted")])
        self._state("»", "accent", "comparing…")
        self.work(self._compare, "result")

    def come_back(self) -> None:
        self.begin()

    async def _compare(self) -> None:
        try:
            own = self.experiment.id
            self.compared = await self.our_app.archive.ask(lambda store: compare(store, own))
        except StoreError as error:
            self.our_app.say_trouble(error)
            return
        self.draw()

    def draw(self) -> None:
        """Draw everything anew."""
        told = self.compared
        if told is None:
            return
        if told.run is None:
            self.query_one("#result", Facts).show([])
            self._state("·", "muted", "no full run is done yet: there is no result before it")
            return
        name = clean(self.experiment.name)
        self.query_one("#result-title", Line).show(
            [(name, "strong"), (f"  result of run {told.run.id}", "muted")], [("esc back", "muted")]
        )
        self.query_one("#result", Facts).show(list(facts(told.run, told.found)))
        words = told.why_not or what_next(told.run, told.found, ceiling_seconds=told.ceiling_seconds)
        sign, ink = ("?", "accent") if told.ceiling_seconds is not None else ("!" if told.why_not else "·", "muted")
        self._state(sign, ink, words)
        self.refresh_bindings()

    def _state(self, sign: str, ink: str, words: str) -> None:
        self.query_one("#result-state", Facts).show([(sign, ink, words)])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The test split is read once."""
        told = self.compared
        return action != "read_test" or (told is not None and told.ceiling_seconds is not None and not self._reads)

    def action_read_test(self) -> None:
        self._reads = True
        self._state("»", "accent", "reading the test split, once…")
        self.our_app.do(self._read)

    async def _read(self) -> None:
        told = self.compared
        if told is None or told.run is None:
            return
        run, backend = told.run, self.our_app.backend

        def work() -> None:
            with backend.open_store() as store:
                read_test(store, run, by="tui")

        try:
            # A thread and a store of its own: an evaluation may take minutes, and other screens read meanwhile.
            await asyncio.to_thread(work)
        except (TestReadingError, StoreError, OSError) as error:
            self._state("✗", "bad", str(error))
            return
        finally:
            self._reads = False
        await self._compare()

    def text_to_copy(self) -> str:
        return self.query_one("#result", Facts).text()
