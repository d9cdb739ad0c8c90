"""Where the values come from: every hyperparameter that takes effect, with its origin, what is unknown first.

Invariant: it is read beside the screen; nothing inspected yet and nothing found are two things, and both are said.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.widget import Widget

from ...planner.inspections import inspected
from ...planner.provenance import Hyperparameter
from ...store import StoreError
from ...store.records import Experiment
from ..provenance_words import (
    NONE_FOUND,
    NOT_INSPECTED,
    count_words,
    name_words,
    origin_words,
    place_words,
    row_pairs,
    value_words,
)
from ..widgets.hyperparameter_table import SIGNS, HyperparameterTable, head
from ..widgets.rows import Rows
from ..widgets.section import Facts, Line, SectionTitle
from .detail import DetailScreen, named_facts
from .place import Place


class HyperparametersScreen(Place):
    """Lies over the Ladder or the Run; Escape goes back there."""

    NAME = "ladder"
    CSS_PATH = "hyperparameters.tcss"
    AUTO_FOCUS = "#hyperparameters"

    def __init__(self, experiment: Experiment, *, under: str) -> None:
        super().__init__()
        self._experiment, self._under = experiment, under
        self.rows: tuple[Hyperparameter, ...] | None = None

    @property
    def under(self) -> str:
        return self._under

    def compose_body(self) -> Iterable[Widget]:
        yield SectionTitle("hyperparameters, reading…", id="hyperparameters-title")
        yield Line(id="hyperparameters-head")
        yield HyperparameterTable(id="hyperparameters")
        yield SectionTitle("in hand", id="hyperparameter-title")
        yield Facts(id="hyperparameter")

    def begin(self) -> None:
        self.work(self._read, "hyperparameters")

    def come_back(self) -> None:
        self.begin()

    def climber_changed(self) -> None:
        self.begin()

    async def _read(self) -> None:
        try:
            self.rows = await self.our_app.archive.ask(lambda store: inspected(store, self._experiment))
        except StoreError as error:
            self.our_app.say_trouble(error)
            return
        self._draw()

    def _draw(self) -> None:
        rows = self.rows or ()
        words = count_words(rows) if rows else NOT_INSPECTED if self.rows is None else NONE_FOUND
        self.query_one("#hyperparameters-title", SectionTitle).show(f"hyperparameters: {words}", "esc back")
        self.table.show(rows)
        self._draw_head()
        self._draw_row()

    def _draw_head(self) -> None:
        words = head(max(0, self.size.width - 4)) if self.rows else ""
        self.query_one("#hyperparameters-head", Line).show([("  ", ""), (words, "muted")])

    @on(Rows.Moved, "#hyperparameters")
    def _draw_row(self) -> None:
        row = self.table.in_hand
        title = self.query_one("#hyperparameter-title", SectionTitle)
        title.display = row is not None
        title.show(SIGNS, "⏎ all of it")
        self.query_one("#hyperparameter", Facts).show(named_facts(row_pairs(row)) if row is not None else [])

    def on_resize(self) -> None:
        if self.is_ready:
            self._draw_head()

    @property
    def table(self) -> HyperparameterTable:
        """The table."""
        return self.query_one("#hyperparameters", HyperparameterTable)

    @on(Rows.Chosen, "#hyperparameters")
    def _show_row(self) -> None:
        row = self.table.in_hand
        if row is not None:
            self.app.push_screen(DetailScreen(name_words(row), named_facts(row_pairs(row))))

    def text_to_copy(self) -> str:
        row = self.table.in_hand
        return "" if row is None else f"{name_words(row)}={value_words(row)} {origin_words(row)} {place_words(row)}"
