"""The application: it owns the screens, the threads and the pulse, and routes; what is shown lives in the screens.

Invariant: nothing slow happens on the event loop, and nothing ticks while nothing is live.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from ..planner.reading.checklist import Checklist
from ..planner.rungs import FACTS
from ..store import Store, StoreError
from ..store.records import Run, RungName
from .actions import ACTIONS, Scope
from .beside import Work, run_beside
from .bindings import bindings
from .climber import Climber, trouble_words
from .desk import Desk
from .engine import Backend, Paper, Target
from .screens.place import Place
from .text import clean
from .theme import CALM, ink_variables
from .watch import Pulse, Watch

if TYPE_CHECKING:
    from .talker import Talker

# Each place is loaded when it is first gone to: what is not seen costs nothing.


def _home() -> Screen[Any]:
    from .screens.home import HomeScreen

    return HomeScreen()


def _ladder() -> Screen[Any]:
    from .screens.ladder import LadderScreen

    return LadderScreen()


def _run() -> Screen[Any]:
    from .screens.run import RunScreen

    return RunScreen()


def _history() -> Screen[Any]:
    from .screens.history import HistoryScreen

    return HistoryScreen()


def _conversation() -> Screen[Any]:
    from .screens.conversation import ConversationScreen

    return ConversationScreen()


DOUBT_AFTER_LOOKS = 12
"""About four seconds of looking at a live run."""


class MlinternApp(App[None]):
    """`mlintern-tui`."""

    TITLE = "mlintern"
    CSS_PATH = "app.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "home": _home,
        "ladder": _ladder,
        "run": _run,
        "history": _history,
        "conversation": _conversation,
    }
    DEFAULT_MODE = "home"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Scope.EVERYWHERE),
        Binding("ctrl+c", "interrupt", show=False, priority=True, system=True),
        Binding("ctrl+q", "leave", show=False, priority=True, system=True),
    ]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self, backend: Backend, target: Target | Paper | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
        self.backend = backend
        self.clock = clock
        self.climber = Climber(backend, self._climber_changed, clock=clock)
        self.reader: Desk[Store] = Desk("reader", backend.open_store, close=Store.close)
        self.archive: Desk[Store] = Desk("archive", backend.open_store, close=Store.close)
        self.watch_store = Watch(self.reader)
        self.talker: Talker | None = None
        self.live: tuple[Run, ...] = ()
        """The runs under way, as of the last pulse."""
        self.checklists: dict[Path, Checklist] = {}
        """What was answered of each paper since the application began."""
        self._target = target
        self._visited: list[str] = []
        self._interrupted_at = float("-inf")
        self._silent_looks = 0
        self._asked: object = None
        self.register_theme(CALM)
        self.theme = "ansi-dark" if self.no_color else CALM.name
        if self.no_color:
            from textual.filter import Monochrome, NoColor

            # Textual turns colours to greys, which are still colours to a terminal; NO_COLOR asks for none.
            self._filters = [NoColor() if isinstance(each, Monochrome) else each for each in self._filters]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return ink_variables(self.current_theme)

    def on_mount(self) -> None:
        self._visited = [self.current_mode]
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """What waits until the first paint: the store, the runs that are going on, the experiment that was named."""
        run_beside(self, self._start, group="start")

    async def _start(self) -> None:
        if isinstance(self._target, Paper):
            self.read_paper(self._target)
        elif self._target is not None:
            self.climb(self._target)
        await self.climber.reconcile()
        await self.pulse()
        self._schedule_pulse()

    # ---- the pulse: looking at the store, often only while something is live

    def _schedule_pulse(self) -> None:
        is_live = bool(self.live) or self.climber.busy is not None
        self.set_timer(self.watch_store.pause(is_live), self._beat)

    async def _beat(self) -> None:
        run_beside(self, self._beat_and_go_on, group="pulse")

    async def _beat_and_go_on(self) -> None:
        await self.pulse()
        self._schedule_pulse()

    async def pulse(self) -> None:
        """Look whether the store changed, and tell the screen in front."""
        try:
            pulse = await self.watch_store.look()
        except StoreError as error:
            self.say_trouble(error)
            return
        ended = [run for run in pulse.ended if run.status.is_over]
        self.live = pulse.live
        for run in ended:
            self._announce_end(run)
        if pulse.changed:
            await self.climber.settle()
        await self._doubt(pulse)
        self._tell_screen(pulse)

    async def _doubt(self, pulse: Pulse) -> None:
        """A live run writes every second: when it is silent, look whether its supervisor is still there."""
        self._silent_looks = self._silent_looks + 1 if pulse.live and not pulse.changed else 0
        if self._silent_looks >= DOUBT_AFTER_LOOKS:
            self._silent_looks = 0
            await self.climber.reconcile()

    def _tell_screen(self, pulse: Pulse) -> None:
        # No screen is in front any more while the application closes.
        front = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(front, Place) and front.is_ready:
            front.beat(changed=pulse.changed)

    def _announce_end(self, run: Run) -> None:
        if run.rung in (RungName.SWEEP, RungName.CONFIRM):
            return  # one of many, and not the end of its rung
        view = self.climber.view
        is_seen = self.current_mode == "ladder" and view is not None and view.experiment.id == run.experiment_id
        if is_seen and not FACTS[run.rung].costs:
            return  # the ladder in front says it, and goes on by itself
        words = f"Run {run.id}, {run.rung}: {run.status}"
        because = f". {clean(run.reason)}" if run.reason else ""
        severity = "information" if run.status == "done" else "warning"
        self.notify(f"{words}{because}", severity=severity, markup=False)  # type: ignore[arg-type]
        self.bell()

    # ---- the experiment and the run in hand

    def climb(self, target: Target) -> None:
        """Take an experiment in hand and show its ladder."""
        self.go("ladder")
        self.do(partial(self.climber.open, target))

    def read_paper(self, paper: Paper) -> None:
        """Show the checklist of a paper or a task."""
        from .screens.checklist import ChecklistScreen

        self.go("home")
        self.push_screen(ChecklistScreen(paper))

    def do(self, work: Work) -> None:
        """Carry something to the engine, to its end, wherever the person goes meanwhile."""
        run_beside(self, work, group="engine")

    def _climber_changed(self) -> None:
        from ..planner.moves import Ask

        if not self.is_running:
            return
        move = self.climber.view.move if self.climber.view else None
        asked = move.forecast.id if isinstance(move, Ask) else None
        if asked is not None and asked != self._asked:
            self.bell()
        self._asked = asked
        for screen in self.screen_stack:
            if isinstance(screen, Place) and screen.is_ready:
                screen.climber_changed()

    def open_run(self, run_id: int) -> None:
        """Show one run."""
        from .screens.run import RunScreen

        self.go("run")
        screen = self.screen_stack[0]
        if isinstance(screen, RunScreen):
            screen.open_run(run_id)

    # ---- places

    def go(self, name: str) -> None:
        """Show a place; what lies over it is closed."""
        if name == self.current_mode:
            while len(self.screen_stack) > 1:
                self.pop_screen()
            return
        self._visited = [*self._visited[-20:], name]
        self.switch_mode(name)

    def action_go(self, name: str) -> None:
        self.go(name)

    async def action_back(self) -> None:
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif len(self._visited) > 1:
            self._visited.pop()
            self.switch_mode(self._visited[-1])

    # ---- what can be done everywhere

    def action_help(self) -> None:
        from .screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_copy(self) -> None:
        from .screens.detail import DetailScreen

        text = self.screen.text_to_copy() if isinstance(self.screen, (Place, DetailScreen)) else ""
        if not text:
            self.notify("Nothing to copy here", markup=False)
            return
        self.copy_to_clipboard(text)
        self.notify(f"Copied: {clean(text)[:60]}", markup=False)

    def action_picture(self) -> None:
        path = self.save_screenshot(path=str(self.backend.home))
        self.notify(f"Saved {path}", markup=False)

    def action_press(self, key: str) -> None:
        """Do what a key does; the key bar's clicks come here."""
        self.simulate_key(key)

    async def action_interrupt(self) -> None:
        """ctrl+c: twice leaves; once, so that a habit costs nothing, only says how to."""
        now = self.clock()
        if now - self._interrupted_at < 2.0:
            self.action_leave()
            return
        self._interrupted_at = now
        self.notify("Press q, or ctrl+c again, to leave. What runs goes on running.", markup=False)

    def action_leave(self) -> None:
        self.exit(message=None)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from .palette import commands

        yield from commands(self, screen, ACTIONS)

    def say_trouble(self, error: BaseException) -> None:
        """Show that something went wrong, where no screen has a better place for it."""
        self.notify(trouble_words(error), severity="error", timeout=10, markup=False)

    def leaving_words(self) -> list[str]:
        """What to say on the terminal after the screen is gone."""
        if not self.live:
            return []
        runs = ", ".join(f"run {run.id} ({run.rung})" for run in self.live)
        verb = "goes" if len(self.live) == 1 else "go"
        return [f"{runs} {verb} on. `mlintern-tui` finds it again; `mlintern stop RUN` stops it."]

    def close_desks(self) -> None:
        """Let the threads finish what must not be torn."""
        if self.talker is not None:
            self.talker.close()
        self.climber.close()
        self.reader.close()
        self.archive.close()

    def on_app_focus(self, _event: events.AppFocus) -> None:
        self.watch_store.wake()


class LadderFirstApp(MlinternApp):
    """The same, when it was started with something to climb."""

    DEFAULT_MODE = "ladder"


def application(
    backend: Backend, target: Target | Paper | None = None, *, clock: Callable[[], float] = time.time
) -> MlinternApp:
    """The application on Home, on the Ladder of what is to be climbed, or on the checklist of a paper."""
    return (LadderFirstApp if isinstance(target, Target) else MlinternApp)(backend, target, clock=clock)
