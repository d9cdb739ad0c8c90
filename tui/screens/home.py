"""Home: start something, go on with something, and what this machine has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from ...store import StoreError
from ..actions import Scope
from ..bindings import bindings
from ..engine import Paper, Target
from ..machine import MachineFact
from ..moments import ago
from ..overview import Open, open_experiments
from ..starting_point import starting_point
from ..text import clean, fit, fit_left
from ..units import duration
from ..widgets.painted import Piece
from ..widgets.path_input import PathInput, split
from ..widgets.rows import Rows
from ..widgets.section import Facts, Line, SectionTitle
from .place import Place


class OpenList(Rows):
    """What can be gone on with, the newest first."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: tuple[Open, ...] = ()
        self.now = 0.0

    def show(self, items: tuple[Open, ...], now: float) -> None:
        """Draw these from now on."""
        self.items, self.now = items, now
        self.rows_changed()

    def row_count(self) -> int:
        return len(self.items)

    def draw(self, index: int, width: int) -> list[Piece]:
        item = self.items[index]
        when = ago(item.at, self.now)
        name_width = max(16, min(28, width // 4))
        state_width = 30
        args = clean(" ".join(item.experiment.args))
        rest = max(0, width - name_width - state_width - 14)
        return [
            (fit(clean(item.experiment.name), name_width), "strong"),
            (fit(item.words, state_width), item.ink),
            (fit(when, 13), "muted"),
            (" ", ""),
            (fit_left(args, rest) if rest > 8 else "", "muted"),
        ]


class HomeScreen(Place):
    """The first place."""

    NAME = "home"
    CSS_PATH = "home.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.HOME)
    AUTO_FOCUS = "#path"

    def compose_body(self) -> Iterable[Widget]:
        yield Line(id="greeting")
        yield SectionTitle("start", id="start-title")
        with Horizontal(id="start-line"):
            yield Static("path", classes="label", markup=False)
            yield PathInput(Path.cwd(), id="path")
        yield Static("", id="start-note", markup=False)
        yield SectionTitle("go on with", id="open-title")
        yield OpenList(id="open")
        with Vertical(id="machine-part"):
            yield SectionTitle("this machine", id="machine-title")
            yield Facts(id="machine")

    def begin(self) -> None:
        self.query_one("#greeting", Line).show(
            [("rehearse, forecast, approve, run, remember", "muted")],
            [("offline · nothing costly starts without your yes", "muted")],
        )
        self.query_one("#start-note").display = False
        self.work(self._load, "load")
        self.query_one("#machine-title", SectionTitle).show("this machine", "looking…")
        self.work(self._machine, "machine")

    def come_back(self) -> None:
        self.work(self._load, "load")

    def beat(self, *, changed: bool) -> None:
        if changed:
            self.work(self._load, "load")

    async def _load(self) -> None:
        app = self.our_app
        try:
            items = await app.reader.ask(open_experiments)
        except StoreError as error:
            self.query_one("#open-title", SectionTitle).show("go on with", clean(error.message), "bad")
            return
        note = "nothing yet: everything you climb will be here" if not items else ""
        self.query_one("#open-title", SectionTitle).show("go on with", note)
        self.query_one("#open", OpenList).show(items, app.clock())

    async def _machine(self) -> None:
        began = time.monotonic()
        facts = await asyncio.to_thread(self.our_app.backend.machine)
        self.query_one("#machine", Facts).show([_fact(fact) for fact in facts])
        took = time.monotonic() - began
        self.query_one("#machine-title", SectionTitle).show("this machine", duration(took) if took > 1 else "")

    def action_start(self) -> None:
        self.query_one("#path", PathInput).focus()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.query_one("#path").has_focus:
            event.stop()
            event.prevent_default()
            self.query_one("#open").focus()

    @on(Input.Submitted, "#path")
    def _start(self, event: Input.Submitted) -> None:
        try:
            start = starting_point(*split(event.value))
        except ValueError as error:
            self._note(str(error))
            return
        self._note("")
        if isinstance(start, Paper):
            self.our_app.read_paper(start)
        else:
            self.our_app.climb(start)

    @on(Input.Changed, "#path")
    def _forget_note(self) -> None:
        self._note("")

    def _note(self, text: str) -> None:
        note = self.query_one("#start-note", Static)
        note.update(text)
        note.display = bool(text)

    @on(Rows.Chosen, "#open")
    def _go_on(self, event: Rows.Chosen) -> None:
        items = self.query_one("#open", OpenList).items
        self.our_app.climb(Target.of(items[event.index].experiment, climbs=True))

    def text_to_copy(self) -> str:
        focused = self.focused
        if isinstance(focused, OpenList) and focused.items:
            return str(focused.items[focused.cursor].experiment.script)
        return self.query_one("#machine", Facts).text()


def _fact(fact: MachineFact) -> tuple[str, str, str]:
    sign = "!" if fact.is_missing else " "
    return (f"{sign} {fact.label:<8}", "warn" if fact.is_missing else "muted", fact.words)
