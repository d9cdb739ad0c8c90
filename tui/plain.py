"""`mlintern-tui --plain`: the same engine and the same view, told line by line.

Invariant: without a person at a terminal nothing is ever approved; with one, only a whole typed word approves, and what
was typed before the question stood there is thrown away.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ..planner.moves import Ask, Blocked, Reached, RunRung, Wait
from ..planner.view import LadderView
from ..store import Store, StoreError
from ..store.records import Experiment
from .climber import trouble_words
from .engine import Backend, Engine, Target
from .moments import ago
from .plain_text import changes, progress_line
from .text import clean
from .units import UnitError, duration, parse_duration
from .widgets.question import default_ceiling

DONE, FAULTS, NEEDS_APPROVAL, STOPPED, INTERRUPTED = 0, 1, 3, 4, 130
POLL_SECONDS = 0.5
PROGRESS_SECONDS = 10.0
ANSWERS = "answer approve, approve 30m (a ceiling), no, or no with a reason"


@dataclass(slots=True)
class Terminal:
    """Where the lines go and where answers come from."""

    output: TextIO
    answers: TextIO
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def say(self, lines: Iterable[str]) -> None:
        """Write lines, at once."""
        for line in lines:
            self.output.write(f"{line}\n")
        self.output.flush()

    @property
    def has_person(self) -> bool:
        """Whether somebody can answer."""
        return self.answers.isatty()

    def ask(self, question: str) -> str:
        """One typed line; empty at the end of the input."""
        _forget_type_ahead(self.answers)
        self.output.write(f"{question}\n")
        self.output.flush()
        return self.answers.readline().strip()


def run_plain(home: Path, python: Path | None, target: Target | None) -> int:
    """Tell it all on standard output; returns the exit code."""
    from .backend import LocalBackend

    for stream in (sys.stdout, sys.stdin):
        # A name with stray bytes, or a terminal that is not UTF-8, must not end the telling.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    terminal = Terminal(sys.stdout, sys.stdin)
    try:
        return tell(LocalBackend(home, python), terminal, target)
    except KeyboardInterrupt:
        terminal.say(["left; what runs goes on running"])
        return INTERRUPTED
    except BrokenPipeError:
        return DONE
    except (StoreError, ValueError, OSError, RuntimeError) as error:
        sys.stderr.write(f"mlintern-tui: {trouble_words(error)}\n")
        return FAULTS


def tell(backend: Backend, terminal: Terminal, target: Target | None) -> int:
    """The list of what can be gone on with, or one experiment up its ladder."""
    with backend.open_store() as store:
        backend.reconcile(store)
        if target is None:
            terminal.say(home_lines(store, terminal.clock()))
            return DONE
        return Telling(backend, store, terminal, backend.open_engine(store, target)).climb()


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

    def climb(self) -> int:
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
                case Blocked():
                    return STOPPED if any(rung.status == "stopped" for rung in view.rungs) else FAULTS
                case Reached():
                    return FAULTS if any(finding.severity == "error" for finding in view.findings) else DONE

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
        while True:
            run = self.store.runs.get(run_id)
            if run.status.is_over:
                because = f", because {run.reason}" if run.reason else ""
                self.terminal.say([clean(f"run {run.id}, {run.rung}: {run.status}{because}")])
                return
            if self.terminal.clock() - told_at >= PROGRESS_SECONDS:
                self.terminal.say([progress_line(run, self.terminal.clock())])
                told_at = self.terminal.clock()
            self.terminal.pause(POLL_SECONDS)
            if (now := self.store.data_version()) == version:
                # Nobody writes: a supervisor that is gone is noticed here.
                self.backend.reconcile(self.store)
            version = now

    def ask(self, ask: Ask) -> int | None:
        """Put the question; the exit code, or ``None`` where the climb goes on."""
        if not self.terminal.has_person:
            self.terminal.say([f"nobody can answer here, so nothing was approved; {ask.rung} waits"])
            return NEEDS_APPROVAL
        while True:
            answer = self.terminal.ask(f"climb to {ask.rung}? {ANSWERS}; nothing typed means not now")
            word, _, rest = answer.partition(" ")
            match word.lower():
                case "":
                    self.terminal.say(["not now; nothing was decided"])
                    return NEEDS_APPROVAL
                case "no":
                    self.engine.decline(ask.rung, rest.strip() or None, by="terminal")
                    self.terminal.say([f"declined {ask.rung}"])
                    return NEEDS_APPROVAL
                case "approve" if self._approved(ask, rest.strip()):
                    return None
                case "approve":
                    continue
                case _:
                    self.terminal.say([f"“{clean(word)}” is no answer here: {ANSWERS}"])

    def _approved(self, ask: Ask, written: str) -> bool:
        """Approve within the written ceiling, or the forecast's; whether that was possible."""
        try:
            ceiling = parse_duration(written) if written else default_ceiling(ask.forecast)
        except UnitError as error:
            self.terminal.say([str(error)])
            return False
        if ceiling is None:
            self.terminal.say(["its time is unknown: give a ceiling, for example approve 30m"])
            return False
        if self.backend.is_stale(self.engine.experiment):
            self.terminal.say(["the script changed since it was rehearsed; nothing was approved; start again"])
            return False
        try:
            run = self.engine.approve(ask.rung, ceiling_seconds=ceiling, by="terminal")
        except (StoreError, ValueError, RuntimeError) as error:
            self.terminal.say([f"not approved: {trouble_words(error)}"])
            return False
        self.terminal.say([f"approved: run {run.id} climbs {ask.rung}, stopped at {duration(ceiling)}"])
        return True


def _forget_type_ahead(stream: TextIO) -> None:
    """Throw away what was typed before the question stood there."""
    import termios

    try:
        termios.tcflush(stream.fileno(), termios.TCIFLUSH)
    except (OSError, ValueError, termios.error):
        return
