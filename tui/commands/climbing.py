"""Climbing for the command line: free rungs, questions or approvals given ahead, waiting, and how it ended.

Invariant: nothing that costs starts without an approval that covers its forecast; one given ahead of time is used once,
so a run that was stopped at its ceiling is never started again by itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ...planner.budget import BudgetError, UnknownCostError
from ...planner.confirm.plan import NotConfirmableError
from ...planner.forecasting import reforecast
from ...planner.moves import Ask, Blocked, Reached, RunRung, Wait
from ...planner.rungs import FACTS
from ...runtime import launch
from ...runtime.guard import EVENT
from ...store import Store
from ...store.records import Run, RungName
from .. import memory_words
from ..climb import Climb, ClimbError
from ..confirming import ConfirmError
from ..outcome import exit_code, tells_of_ceiling
from ..output import CommandError, ExitCode, Output
from ..units import duration

POLL_SECONDS = 0.1
LOOK_SECONDS = 1.0
"""How often it is made sure that a run's supervisor is still there."""


@dataclass(slots=True)
class Order:
    """What the person asked for."""

    to: RungName
    approvals: dict[RungName, float] = field(default_factory=dict)
    """Ceilings of rungs that were approved ahead of time; each is taken out when it is used."""
    may_ask: bool = False
    """Whether somebody sits at a terminal and can answer."""
    free_seconds: float | None = None
    """What the rungs that need no approval may take together."""


@dataclass(slots=True)
class Climbing:
    """One climb, from here until it is reached, blocked, declined or stopped."""

    store: Store
    climb: Climb
    order: Order
    output: Output
    clock: Callable[[], float] = time.monotonic
    runs: list[int] = field(default_factory=list)
    """The runs that were started here."""
    asks: Ask | None = None
    """The question that was left open."""
    why_open: str | None = None
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def go(self) -> ExitCode:
        """Climb; returns how it ended."""
        while True:
            match self.climb.next(self.order.to):
                case RunRung(rung=rung):
                    self._start(rung)
                case Wait(rung=RungName.CONFIRM):
                    self._wait_for_confirmation()
                case Wait(run_id=run_id):
                    self.wait(run_id)
                case Ask() as ask:
                    code = self._decide(ask)
                    if code is not None:
                        return code
                case Blocked(rung=rung, why=why):
                    self.output.say(f"{rung}: {why}")
                    return exit_code(self.climb.view(), blocked=rung)
                case Reached():
                    return exit_code(self.climb.view(), blocked=None)

    def _wait_for_confirmation(self) -> None:
        """Until all of its runs are over, and what they allow to say is told."""
        from ..confirm_words import result_lines
        from .confirm import wait

        going = self.climb.confirming.under_way()
        if going is not None:
            for line in result_lines(wait(self.store, self.store.path.parent, going, self.output)):
                self.output.say(line)

    def wait(self, run_id: int) -> Run:
        """Until the run is over, drawing how far it is."""
        looked = self.clock()
        asked_for: float | None = None
        told = 0
        try:
            while not (run := self.store.runs.get(run_id)).status.is_over:
                told = self._tell_memory(run_id, told)
                self.output.draw(lambda run=run: _progress(run))  # type: ignore[misc]  # a default holds the value
                time.sleep(POLL_SECONDS)
                if self.clock() - looked > LOOK_SECONDS:
                    launch.reconcile(self.store)
                    looked = self.clock()
                    asked_for = self._ask_for_more(run, asked_for)
        except KeyboardInterrupt:
            self._leave(run_id)
            raise
        self._tell_memory(run_id, told)
        words = f"run {run.id}, {run.rung}: {run.status} after {duration(run.wall_seconds)}"
        self.output.say(f"{words}, {run.reason}" if run.reason else words)
        self._tell_diagnosis(run)
        return run

    def _tell_diagnosis(self, run: Run) -> None:
        """Say what went wrong, where a run did not come to its end."""
        from .. import diagnosis_words

        told = diagnosis_words.in_passing(self.store, run, most_bytes=diagnosis_words.MOST_BYTES_IN_PASSING)
        if told is not None:
            self.output.say(f"diagnosis: {told} (more: mlintern diagnose {run.id})")

    def _ask_for_more(self, run: Run, asked_for: float | None) -> float | None:
        """Say once for each ceiling that the run will need more; returns the ceiling that it was said of."""
        if run.ceiling_seconds == asked_for:
            return asked_for
        from ..plain_text import more_lines

        lines = list(more_lines(run, reforecast(self.store, run)))
        for line in lines:
            self.output.say(line)
        return run.ceiling_seconds if lines else asked_for

    def _tell_memory(self, run_id: int, told: int) -> int:
        """Say what the guard has said since; returns how much that is now."""
        events = self.store.events.of_kind(EVENT, run_id=run_id)
        for event in events[told:]:
            self.output.say(memory_words.line(event))
        return len(events)

    def _start(self, rung: RungName) -> None:
        left = None
        if self.order.free_seconds is not None:
            left = self.order.free_seconds - (self.clock() - self._started)
            if left <= 0:
                raise CommandError(
                    "ceiling",
                    f"The ceiling of {duration(self.order.free_seconds)} was reached before {rung}.",
                    "Give more with --ceiling.",
                    exit_code=ExitCode.CEILING,
                )
        self.output.say(f"climbing {rung}")
        run = self.climb.start(rung, ceiling_seconds=left)
        if run is not None:
            self.runs.append(run.id)

    def _decide(self, ask: Ask) -> ExitCode | None:
        """Approve and start, or leave the question open; ``None`` where the climb goes on."""
        ceiling = self.order.approvals.pop(ask.rung, None)
        if ceiling is not None and ask.forecast.seconds is not None:
            return self._approve(ask, ceiling, by="flag")
        if self.order.may_ask:
            return self._ask_person(ask)
        if ceiling is not None:
            return self._leave_open(ask, "its cost is unknown, and an unknown cost is never approved ahead of time")
        if self._was_stopped_here(ask.rung):
            code = ExitCode.CEILING if tells_of_ceiling(ask.why) else ExitCode.NEEDS_APPROVAL
            return self._leave_open(ask, ask.why, code)
        return self._leave_open(ask, "nobody approved it")

    def _ask_person(self, ask: Ask) -> ExitCode | None:
        from ..plain_text import move_lines
        from ..terminal import Terminal

        self.output.erase()
        terminal = Terminal(self.output.narration, sys.stdin)
        terminal.say(move_lines(self.climb.view()))
        answer = terminal.ask(ask)
        if answer.ceiling_seconds is not None:
            return self._approve(ask, answer.ceiling_seconds, by="terminal")
        if answer.is_no:
            self.climb.decline(ask.rung, answer.reason, by="terminal")
            return self._leave_open(ask, "declined")
        return self._leave_open(ask, "nothing was decided")

    def _approve(self, ask: Ask, ceiling: float, *, by: str) -> ExitCode | None:
        try:
            run = self.climb.approve(
                ask.rung, ceiling_seconds=ceiling, by=by, forecast_id=ask.forecast.id
            )
        except UnknownCostError as error:
            return self._ask_person(ask) if self.order.may_ask else self._leave_open(ask, str(error))
        except (BudgetError, ClimbError, ConfirmError, NotConfirmableError) as error:
            return self._leave_open(ask, str(error))
        self.runs.append(run.id)
        self.output.say(f"climbing {ask.rung}: run {run.id}, approved within {duration(ceiling)}")
        return None

    def _leave_open(self, ask: Ask, why: str, code: ExitCode = ExitCode.NEEDS_APPROVAL) -> ExitCode:
        self.asks, self.why_open = ask, why
        self.output.say(f"{ask.rung} was not started: {why}")
        return code

    def _was_stopped_here(self, rung: RungName) -> bool:
        return any(self.store.runs.get(run_id).rung is rung for run_id in self.runs)

    def _leave(self, run_id: int) -> None:
        """The person goes: a free rung is stopped with them, what was approved goes on."""
        if FACTS[self.store.runs.get(run_id).rung].costs:
            self.output.say(
                f"run {run_id} goes on; mlintern resume {run_id} comes back, mlintern stop {run_id} ends it"
            )
            return
        try:
            launch.stop(self.store, run_id)
        except launch.LaunchError:
            return  # it ended by itself in this moment
        self.output.say(f"stopping run {run_id}")


def _progress(run: Run) -> str:
    from ..plain_text import progress_line

    return progress_line(run, time.time())
