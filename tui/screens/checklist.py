"""Checklist: what a paper asks for, item by item, for a person to confirm, change or leave out.

Invariant: nothing is written into the store before the person confirms the whole; what was answered meanwhile waits in
the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from ...planner import briefs
from ...planner.reading.checklist import Checklist, ChecklistError, Item, Mark, Part
from ...planner.reading.unsaid import candidates
from ...planner.recipes.values import understand
from ...store import StoreError
from ..actions import Scope
from ..bindings import bindings
from ..briefing import read, taken_up
from ..engine import Paper
from ..output import CommandError
from ..reading_words import candidate_words, item_words, place_words, scalar
from ..text import clean
from ..widgets.checklist_table import SIGNS, ChecklistTable, head
from ..widgets.prompt import Field, Prompt
from ..widgets.rows import Rows
from ..widgets.section import Facts, Line, SectionTitle
from .place import Place


class ChecklistScreen(Place):
    """Lies over Home; Escape goes back there."""

    NAME = "home"
    CSS_PATH = "checklist.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.CHECKLIST)
    AUTO_FOCUS = "#items"

    def __init__(self, paper: Paper) -> None:
        super().__init__()
        self.paper = paper
        self.checklist: Checklist | None = None
        self.is_confirmed = False

    def compose_body(self) -> Iterable[Widget]:
        yield Line(id="checklist-title")
        yield Line(id="items-head")
        yield ChecklistTable(id="items")
        yield SectionTitle("in hand", id="item-title")
        yield Facts(id="item")
        yield Prompt(id="prompt")

    def begin(self) -> None:
        name = clean(self.paper.path.name)
        self.query_one("#checklist-title", Line).show([(name, "strong"), ("  reading…", "muted")])
        self.work(self._read, "read")

    async def _read(self) -> None:
        path = self.paper.path
        try:
            checklist = self.our_app.checklists.get(path)
            if checklist is None:
                read_now = await asyncio.to_thread(read, path)
                checklist = await self.our_app.archive.ask(lambda store: taken_up(store, path, read_now))
        except (CommandError, StoreError, OSError) as error:
            self._say_unreadable(error)
            return
        self._take(checklist)

    def _say_unreadable(self, error: Exception) -> None:
        hint = getattr(error, "hint", "")
        self.query_one("#checklist-title", Line).show([(clean(self.paper.path.name), "strong")])
        self.query_one("#item", Facts).show([("✗", "bad", f"{error}{f' {hint}' if hint else ''}")])

    def _take(self, checklist: Checklist) -> None:
        self.checklist = checklist
        self.our_app.checklists[self.paper.path] = checklist
        self.draw()

    # ---- drawing

    def draw(self) -> None:
        """Draw everything anew."""
        if self.checklist is None:
            return
        self.query_one("#checklist-title", Line).show(
            [(clean(self.paper.path.name), "strong"), (f"  {self._counts(self.checklist)}", "muted")]
        )
        self._draw_head()
        self.table.show(self.checklist)
        self._draw_item()
        self.refresh_bindings()

    def _counts(self, checklist: Checklist) -> str:
        items = checklist.items
        waits = sum(1 for one in items if one.answer.mark is Mark.OPEN and one.part is not Part.UNSAID)
        words = f"{len(items)} items, {waits} open" if waits else f"{len(items)} items, all answered"
        conflicts = len(checklist.open_conflicts())
        return f"{words}, {conflicts} said in two ways" if conflicts else words

    def _draw_head(self) -> None:
        self.query_one("#items-head", Line).show([("  ", ""), (head(max(0, self.size.width - 4)), "muted")])

    @on(Rows.Moved, "#items")
    def _draw_item(self) -> None:
        item = self.table.in_hand
        self.query_one("#item-title", SectionTitle).show(SIGNS, "" if item is None else f"item {item.number}")
        self.query_one("#item", Facts).show([] if item is None else self._facts(item))

    def _facts(self, item: Item) -> list[tuple[str, str, str]]:
        assert self.checklist is not None
        facts = [("", "strong", item_words(item))]
        if item.quote:
            facts.append((">", "muted", f"“{clean(item.quote)}” {place_words(item.place)}"))
        elif item.part is Part.UNSAID:
            told = candidate_words(item, candidates(self.checklist.brief))
            facts.append(("?", "muted", f"the source does not say; could be: {told or 'nothing is usual'}"))
        for rival in self.checklist.rivals(item.number):
            words = f"elsewhere {scalar(rival.value)}: “{clean(rival.quote)}” {place_words(rival.place)}"
            facts.append(("!", "muted" if rival.is_out else "warn", words))
        return facts

    def on_resize(self) -> None:
        if self.is_ready:
            self._draw_head()

    @property
    def table(self) -> ChecklistTable:
        """The items."""
        return self.query_one("#items", ChecklistTable)

    # ---- answers

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a checklist there is nothing to answer."""
        return self.checklist is not None or action not in _ANSWERS

    def action_confirm(self) -> None:
        self._answer(lambda checklist, item: self._toggled(checklist, item, Mark.CONFIRMED, checklist.confirm))

    def action_leave_out(self) -> None:
        self._answer(lambda checklist, item: self._toggled(checklist, item, Mark.LEFT_OUT, checklist.leave_out))

    @staticmethod
    def _toggled(checklist: Checklist, item: Item, mark: Mark, give: Callable[[int], Checklist]) -> Checklist:
        """The same answer once more takes it back."""
        return checklist.reopen(item.number) if item.answer.mark is mark else give(item.number)

    def _answer(self, give: Callable[[Checklist, Item], Checklist], *, moves: bool = True) -> None:
        item = self.table.in_hand
        if self.checklist is None or item is None:
            return
        try:
            after = give(self.checklist, item)
        except ChecklistError as error:
            self.notify(f"{error}"[:1].upper() + f"{error}."[1:], severity="warning", markup=False)
            return
        was_answered = item.answer.mark is not Mark.OPEN
        self._take(after)
        if moves and not was_answered:
            self.table.cursor += 1

    @on(Rows.Chosen, "#items")
    def action_change(self) -> None:
        item = self.table.in_hand
        if item is None or self.checklist is None:
            return
        if item.part is Part.REQUIREMENT:
            self.notify("These are the source's own words: space takes them, x leaves them out", markup=False)
            return
        usual = candidate_words(item, candidates(self.checklist.brief)) if item.part is Part.UNSAID else ""
        self.query_one("#prompt", Prompt).open(
            "value",
            f"Your own value of {clean(item.name)}; the source says {_said(item)}",
            [Field("value", "" if item.value is None else scalar(item.value), usual or "a number or a word")],
            read=lambda texts: (item.number, self._understood(item, texts[0])),
        )

    @staticmethod
    def _understood(item: Item, text: str) -> float | int | str | bool:
        if item.part is not Part.TARGET:
            return understand(item.name, text)
        try:
            return float(text)
        except ValueError as error:
            raise ValueError(f"what is to be reached is a number, and “{text}” is none") from error

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        number, value = event.values
        assert isinstance(number, int) and isinstance(value, float | int | str | bool)
        self.table.focus()
        self._answer(lambda checklist, _item: checklist.change(number, value), moves=False)

    @on(Prompt.Cancelled)
    def _cancelled(self) -> None:
        self.table.focus()

    def action_next_open(self) -> None:
        rows = self.table.items
        after = [*range(self.table.cursor + 1, len(rows)), *range(self.table.cursor + 1)]
        waiting = [at for at in after if rows[at].number in self.table.contradicted]
        waiting += [at for at in after if rows[at].answer.mark is Mark.OPEN and rows[at].part is not Part.UNSAID]
        if waiting:
            self.table.cursor = waiting[0]
        else:
            self.notify("Every item has an answer: C confirms the whole", markup=False)

    def action_confirm_all(self) -> None:
        if self.checklist is not None:
            self.our_app.do(self._confirm_all)

    async def _confirm_all(self) -> None:
        checklist, path = self.checklist, self.paper.path
        if checklist is None:
            return
        try:
            whole = await self.our_app.archive.ask(
                lambda store: briefs.confirm(store, checklist, sha256=briefs.digest(path), by="tui")
            )
        except ChecklistError as error:
            self.notify(f"{str(error)[:1].upper()}{str(error)[1:]}", severity="warning", markup=False)
            self.action_next_open()
            return
        except (StoreError, OSError) as error:
            self.our_app.say_trouble(error)
            return
        self._take(whole)
        from .setup import SetupScreen

        self.app.push_screen(SetupScreen(self.paper, whole))

    def text_to_copy(self) -> str:
        item = self.table.in_hand
        return "" if item is None else f"{item_words(item)} “{clean(item.quote)}”"


_ANSWERS = ("confirm", "change", "leave_out", "confirm_all", "next_open")


def _said(item: Item) -> str:
    if item.said is None:
        return "nothing"
    value = getattr(item.said, "value", None)
    return clean(scalar(value))
