"""`mlintern-tui --plain`: the same engine and the same view, told line by line.

Invariant: without a person at a terminal nothing is ever approved; with one, only a whole typed word approves, and what
was typed before the question stood there is thrown away.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ..planner.forecasting import reforecast
from ..planner.moves import Ask, Blocked, Reached, RunRung, Wait
from ..planner.view import LadderView
from ..runtime import demo_gpu
from ..runtime.guard import EVENT
from ..store import Store, StoreError
from ..store.records import Experiment
from . import memory_words
from .climber import trouble_words
from .engine import Backend, Engine, Paper, Target
from .moments import ago
from .outcome import exit_code
from .output import ExitCode
from .plain_text import changes, more_lines, progress_line
from .terminal import Terminal
from .text import clean
from .units import duration

POLL_SECONDS = 0.5
PROGRESS_SECONDS = 10.0


def run_plain(home: Path, python: Path | None, target: Target | Paper | None) -> ExitCode:
    """Tell it all on standard output; returns the exit code."""
    from .backend import LocalBackend

    for stream in (sys.stdout, sys.stdin):
        # A name with stray bytes, or a terminal that is not UTF-8, must not end the telling.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    terminal = Terminal(sys.stdout, sys.stdin)
    if demo_gpu.is_on():
        terminal.say([demo_gpu.LABEL])
    try:
        return tell(LocalBackend(home, python), terminal, target)
    except KeyboardInterrupt:
        terminal.say(["left; what runs goes on running"])
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.DONE
    except (StoreError, ValueError, OSError, RuntimeError) as error:
        sys.stderr.write(f"mlintern-tui: {trouble_words(error)}\n")
        return ExitCode.FAULTS


def tell(backend: Backend, terminal: Terminal, target: Target | Paper | None) -> ExitCode:
    """The list of what can be gone on with, or one experiment up its ladder."""
    with backend.open_store() as store:
        backend.reconcile(store)
        if target is None:
            terminal.say(home_lines(store, terminal.clock()))
            return ExitCode.DONE
        if isinstance(target, Paper):
            return tell_paper(store, terminal, target)
        return Telling(backend, store, terminal, backend.open_engine(store, target)).climb()


def tell_paper(store: Store, terminal: Terminal, paper: Paper) -> ExitCode:
    """The checklist of a paper, and the commands that go on with it."""
    from . import briefing, reading_words
    from .output import CommandError

    try:
        checklist = briefing.taken_up(store, paper.path, briefing.read(paper.path))
    except CommandError as error:
        sys.stderr.write(f"mlintern-tui: {clean(str(error))} {error.hint}\n")
        return ExitCode.USAGE
    terminal.say(reading_words.lines(checklist))
    name = shlex.quote(str(paper.path))
    terminal.say(
        [
            "",
            f"to change, leave out and confirm: mlintern read {name} --set NAME=VALUE --drop NAME --confirm",
            f"then: mlintern new {name} --into DIR, and mlintern-tui --plain DIR",
        ]
    )
    return ExitCode.DONE


def home_lines(store: Store, now: float) -> list[str]:
    """What there is to go on with."""
    from .overview import open_experiments

    items = open_experiments(store)
    if not items:
        return ["nothing yet: start with mlintern-tui --plain train.py"]
    return [clean(f"{item.words[2:]}: {_command(item.experiment)}, {ago(item.at, now)}") for item in items]


def _command(experiment: Experiment) -> str:
    return " ".join([str(experiment.script), *experiment.args])


@dataclass(slots=True)
class Telling:
    """One experiment, told while it climbs."""

    backend: Backend
    store: Store
    terminal: Terminal
    engine: Engine
    seen: LadderView | None = field(default=None)

    def climb(self) -> ExitCode:
        """Go up as far as is free or approved; returns the exit code."""
        while True:
            self.engine.settle()
            view = self.look()
            match view.move:
                case RunRung(rung=rung):
                    self.terminal.say([f"climbing {rung}"])
                    self.engine.start(rung)
                case Wait(run_id=run_id):
                    self.watch(run_id)
                case Ask() as ask:
                    code = self.ask(ask)
                    if code is not None:
                        return code
                case Blocked(rung=rung):
                    return exit_code(view, blocked=rung)
                case Reached():
                    return exit_code(view, blocked=None)

    def look(self) -> LadderView:
        """Tell what is new."""
        view = self.engine.view()
        self.terminal.say(changes(self.seen, view))
        self.seen = view
        return view

    def watch(self, run_id: int) -> None:
        """Tell now and then how far a run is, until it is over."""
        told_at = float("-inf")
        version: int | None = None
        told = 0
        while True:
            run = self.store.runs.get(run_id)
            memory = self.store.events.of_kind(EVENT, run_id=run_id)
            self.terminal.say(memory_words.line(event) for event in memory[told:])
            told = len(memory)
            if run.status.is_over:
                because = f", because {run.reason}" if run.reason else ""
                self.terminal.say([clean(f"run {run.id}, {run.rung}: {run.status}{because}")])
                return
            if self.terminal.clock() - told_at >= PROGRESS_SECONDS:
                total = reforecast(self.store, run)
                self.terminal.say([progress_line(run, self.terminal.clock(), total), *more_lines(run, total)])
                told_at = self.terminal.clock()
            self.terminal.pause(POLL_SECONDS)
            if (now := self.store.data_version()) == version:
                # Nobody writes: a supervisor that is gone is noticed here.
                self.backend.reconcile(self.store)
            version = now

    def ask(self, ask: Ask) -> ExitCode | None:
        """Put the question; the exit code, or ``None`` where the climb goes on."""
        if not self.terminal.has_person:
            self.terminal.say([f"nobody can answer here, so nothing was approved; {ask.rung} waits"])
            return ExitCode.NEEDS_APPROVAL
        while True:
            answer = self.terminal.ask(ask)
            if answer.ceiling_seconds is None:
                break
            if self._approved(ask, answer.ceiling_seconds):
                return None
        if answer.is_no:
            self.engine.decline(ask.rung, answer.reason, by="terminal")
        self.terminal.say([f"declined {ask.rung}" if answer.is_no else "not now; nothing was decided"])
        return ExitCode.NEEDS_APPROVAL

    def _approved(self, ask: Ask, ceiling: float) -> bool:
        """Approve within the ceiling; whether that was possible."""
        try:
            run = self.engine.approve(
                ask.rung, ceiling_seconds=ceiling, by="terminal", forecast_id=ask.forecast.id
            )
        except (StoreError, ValueError, RuntimeError) as error:
            self.terminal.say([f"not approved: {trouble_words(error)}"])
            return False
        self.terminal.say([f"approved: run {run.id} climbs {ask.rung}, stopped at {duration(ceiling)}"])
        return True
