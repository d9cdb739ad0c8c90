"""Edits: what is proposed to be changed in the project's files, as a diff; applied by hunk or whole, and undone.

Invariant: nothing is written but by the keys that say so; after that the ladder climbs again from its lowest rung.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from ...planner.edits import deciding
from ...planner.edits.fixes import project_of
from ...planner.edits.proposal import Proposal, State, all_proposals
from ...planner.edits.workspace import EditError
from ...planner.rungs import FACTS
from ...runtime.launch import LaunchError
from ...store import Store, StoreError
from ...store.records import Experiment
from ..actions import Scope
from ..bindings import bindings
from ..edit_words import SIGNS, next_words
from ..engine import Backend
from ..text import clean, fit
from ..widgets.diff_view import DiffView
from ..widgets.painted import Piece
from ..widgets.rows import Rows
from ..widgets.section import Facts, Line, SectionTitle
from .place import Place

STOPPING_SECONDS, STOPPING_PAUSE = 30.0, 0.2
_INKS = {State.PROPOSED: "accent", State.APPLIED: "good", State.UNDONE: "muted", State.DECLINED: "muted"}


class EditList(Rows):
    """The proposals, newest first."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.edits: tuple[Proposal, ...] = ()

    def show(self, edits: tuple[Proposal, ...]) -> None:
        """Draw these from now on."""
        self.edits = edits
        self.rows_changed()

    @property
    def in_hand(self) -> Proposal | None:
        """The one at the cursor."""
        return self.edits[self.cursor] if self.edits else None

    def row_count(self) -> int:
        return len(self.edits)

    def draw(self, index: int, width: int) -> list[Piece]:
        one = self.edits[index]
        files = ", ".join(file.path for file in one.files)
        state = f"{SIGNS[one.state]} {one.state:<9}"
        left = f"{one.id:>5} "
        names = min(28, max(12, width // 4))
        room = max(0, width - len(left) - len(state) - names - 10)
        return [
            (left, "muted"),
            (state, _INKS[one.state]),
            (fit(clean(files), names), "strong"),
            (f" {one.by:<7} ", "muted"),
            (fit(clean(one.reason), room), ""),
        ]


def of_project(store: Store, root: Path) -> tuple[Proposal, ...]:
    """The edits of a project and of what lies in it."""
    return tuple(one for one in all_proposals(store) if one.root.is_relative_to(root) or root.is_relative_to(one.root))


class EditsScreen(Place):
    """Lies over the Ladder; Escape goes back there."""

    NAME = "ladder"
    CSS_PATH = "edits.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.EDITS)
    AUTO_FOCUS = "#diff"

    def __init__(self, experiment: Experiment, *, first: int | None = None) -> None:
        super().__init__()
        self.root = project_of(experiment).resolve()
        self._first = first
        self._shown: int | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield Line(id="edits-title")
        yield EditList(id="edits")
        yield SectionTitle("diff", id="diff-title")
        yield Facts(id="why")
        yield DiffView(id="diff")
        yield Facts(id="edits-state")

    def begin(self) -> None:
        self.query_one("#edits-title", Line).show([("edits", "strong"), (f"  {clean(str(self.root))}", "muted")])
        self.work(self._load, "edits")

    def come_back(self) -> None:
        self.begin()

    async def _load(self) -> None:
        home, root = self.our_app.backend.home, self.root

        def read(store: Store) -> tuple[Proposal, ...]:
            deciding.recover(store, home)
            return of_project(store, root)

        try:
            found = await self.our_app.archive.ask(read)
        except (StoreError, OSError) as error:
            self.our_app.say_trouble(error)
            return
        self.table.show(found)
        if self._first is not None:
            self.table.cursor = next((at for at, one in enumerate(found) if one.id == self._first), 0)
            self._first = None
        self._shown = None
        self._draw()
        if not found:
            self._say("·", "muted", "no edit is proposed: `mlintern edit propose FILE.diff`, or f on a finding")

    # ---- drawing

    @on(Rows.Moved, "#edits")
    def _draw(self) -> None:
        one = self.table.in_hand
        if one is None or one.id == self._shown:
            return
        self._shown = one.id
        self.diff.show(one.written if one.state is State.APPLIED else one.files)
        count = one.hunk_count
        keys = {
            State.PROPOSED: "space leaves a hunk out · a applies · D declines",
            State.APPLIED: "u takes it back",
            State.UNDONE: "a applies it again",
            State.DECLINED: "",
        }[one.state]
        title = f"edit {one.id}, {count} hunk{'' if count == 1 else 's'}"
        self.query_one("#diff-title", SectionTitle).show(title, keys)
        self.query_one("#why", Facts).show([(">", "muted", clean(one.reason))])
        self._say("", "", "")
        self.refresh_bindings()

    def _say(self, sign: str, ink: str, words: str) -> None:
        state = self.query_one("#edits-state", Facts)
        state.show([(sign, ink, words)] if words else [])
        state.display = bool(words)

    @property
    def table(self) -> EditList:
        """The proposals."""
        return self.query_one("#edits", EditList)

    @property
    def diff(self) -> DiffView:
        """The diff of the one in hand."""
        return self.query_one("#diff", DiffView)

    # ---- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be decided now is on the key bar."""
        one = self.table.in_hand if self.is_ready else None
        match action:
            case "apply" | "hunk":
                return one is not None and one.state in (State.PROPOSED, State.UNDONE)
            case "decline":
                return one is not None and one.state is State.PROPOSED
            case "undo":
                return one is not None and one.state is State.APPLIED
        return True

    def action_hunk(self) -> None:
        self.diff.toggle()

    def action_next_hunk(self) -> None:
        self.diff.next_hunk()

    def action_apply(self) -> None:
        one, home, taken = self.table.in_hand, self.our_app.backend.home, self.diff.taken
        if one is not None:
            hunks = None if len(taken) == one.hunk_count else taken
            self._decide(lambda store: deciding.apply(store, home, one.id, by="tui", hunks=hunks), writes=True)

    def action_undo(self) -> None:
        one, home = self.table.in_hand, self.our_app.backend.home
        if one is not None:
            self._decide(lambda store: deciding.undo(store, home, one.id, by="tui"), writes=True)

    def action_decline(self) -> None:
        one = self.table.in_hand
        if one is not None:
            self._decide(lambda store: deciding.decline(store, one.id, by="tui"), writes=False)

    def _decide(self, work: Callable[[Store], Proposal], *, writes: bool) -> None:
        async def carry() -> None:
            try:
                if writes:
                    await self._stop_free_runs()
                done, climbs = await self.our_app.archive.ask(lambda store: _and_what_climbs(store, work(store)))
            except (EditError, StoreError, OSError) as error:
                self._say("✗", "bad", str(error))
                return
            await self._load()
            words = f"edit {done.id} is {done.state}"
            self._say("✓", "good", f"{words}; {next_words(climbs)}" if writes else words)
            if writes and self._concerns_climb(climbs):
                await self.our_app.climber.again()

        self.our_app.do(carry)

    async def _stop_free_runs(self) -> None:
        """What climbs without an approval gives way: it would look at files that change under it."""
        one, backend = self.table.in_hand, self.our_app.backend
        if one is None:
            return
        stopped: set[int] = set()
        until = time.monotonic() + STOPPING_SECONDS
        while time.monotonic() < until:
            runs = await self.our_app.archive.ask(lambda store: deciding.runs_under_way(store, one))
            if not runs or any(FACTS[run.rung].costs for run in runs):
                return
            for run in runs:
                if run.id not in stopped:
                    stopped.add(run.id)
                    self._say("»", "accent", f"stopping run {run.id}, {run.rung}: its files are about to change…")
                    await asyncio.to_thread(_stop, backend, run.id)
            await asyncio.sleep(STOPPING_PAUSE)

    def _concerns_climb(self, climbs: tuple[Experiment, ...]) -> bool:
        """Whether the experiment in hand is one whose code or values have changed."""
        view = self.our_app.climber.view
        return view is not None and any(one.script == view.experiment.script for one in climbs)

    def text_to_copy(self) -> str:
        one = self.table.in_hand
        return "" if one is None else f"mlintern edit show {one.id}"


def _stop(backend: Backend, run_id: int) -> None:
    # A run that ended by itself meanwhile cannot be stopped any more, and need not be.
    with backend.open_store() as store, suppress(LaunchError):
        backend.stop(store, run_id)


def _and_what_climbs(store: Store, done: Proposal) -> tuple[Proposal, tuple[Experiment, ...]]:
    return done, deciding.climbs_again(store, done)
