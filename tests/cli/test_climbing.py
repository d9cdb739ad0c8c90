"""Questions, approvals given ahead and their limits, on a ladder that only pretends."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from mlintern.planner.budget import BudgetError
from mlintern.planner.moves import Ask, Blocked, Move, Reached, RunRung
from mlintern.store.records import Forecast, Interval, Run, RungName, RungStatus
from mlintern.tui.climb import StaleError
from mlintern.tui.commands.climbing import Climbing, Order
from mlintern.tui.output import CommandError, ExitCode, Output


def forecast(rung: RungName, seconds: Interval | None) -> Forecast:
    return Forecast(
        id=1, experiment_id=1, rung=rung, source_run_id=None, created_at=0.0, seconds=seconds, cpu_seconds=None,
        steps=100, steps_exact=True, peak_host_bytes=None, peak_device_bytes=None, energy_joules=None, usd=None,
    )  # fmt: skip


def ask(rung: RungName, seconds: Interval | None = None, why: str = "it costs") -> Ask:
    return Ask(rung, forecast(rung, seconds), ("something",), why)


@dataclass
class FakeClimb:
    """Goes through the moves that it was given; an approval or a start takes it one further."""

    moves: list[Move]
    done: list[tuple[str, RungName, float | None]] = field(default_factory=list)
    budget: float | None = None
    stale: bool = False

    def next(self, to: RungName) -> Move:
        return self.moves[0]

    def start(self, rung: RungName, *, ceiling_seconds: float | None) -> None:
        self._refuse_if_stale()
        self.done.append(("start", rung, ceiling_seconds))
        self.moves.pop(0)

    def approve(self, rung: RungName, *, ceiling_seconds: float, by: str, forecast_id: int | None = None) -> Run:
        self._refuse_if_stale()
        if self.budget is not None and ceiling_seconds > self.budget:
            raise BudgetError("more than the budget")
        self.done.append((by, rung, ceiling_seconds))
        self.moves.pop(0)
        return cast(Run, SimpleNamespace(id=1, rung=rung))

    def _refuse_if_stale(self) -> None:
        if self.stale:
            raise StaleError("train.py changed since this climb began")

    def view(self) -> Any:
        stopped = SimpleNamespace(name=RungName.REHEARSAL, status=RungStatus.STOPPED, why="ceiling: 3 s of time")
        return SimpleNamespace(findings=(), rungs=(stopped,))


class FakeStore:
    """Knows one run, of whatever rung was approved last."""

    def __init__(self, climb: FakeClimb) -> None:
        self.runs = self
        self._climb = climb

    def get(self, run_id: int) -> Any:
        return SimpleNamespace(id=run_id, rung=self._climb.done[-1][1])


Go = Callable[..., tuple[ExitCode, FakeClimb, Climbing]]


@pytest.fixture
def go() -> Go:
    def climb_it(
        *moves: Move, approvals: dict[RungName, float] | None = None, budget: float | None = None, stale: bool = False,
        free_seconds: float | None = None, clock: Callable[[], float] = lambda: 0.0,
    ) -> tuple[ExitCode, FakeClimb, Climbing]:  # fmt: skip
        climb = FakeClimb(list(moves), budget=budget, stale=stale)
        order = Order(RungName.FULL, dict(approvals or {}), free_seconds=free_seconds)
        output = Output(data=io.StringIO(), narration=io.StringIO())
        climbing = Climbing(cast(Any, FakeStore(climb)), cast(Any, climb), order, output, clock)
        return climbing.go(), climb, climbing

    return climb_it


COST = Interval(80.0, 100.0, 120.0)


def test_without_an_approval_nothing_starts(go: Go) -> None:
    code, climb, climbing = go(ask(RungName.PILOT, COST))
    assert (code, climb.done) == (ExitCode.NEEDS_APPROVAL, [])
    assert climbing.asks is not None and climbing.asks.rung is RungName.PILOT


def test_an_approval_of_another_rung_does_not_count(go: Go) -> None:
    code, climb, _ = go(ask(RungName.PILOT, COST), approvals={RungName.FULL: 1e6})
    assert (code, climb.done) == (ExitCode.NEEDS_APPROVAL, [])


def test_approvals_given_ahead_are_carried_out(go: Go) -> None:
    moves = (ask(RungName.PILOT, COST), ask(RungName.FULL, COST), Reached(RungName.FULL))
    code, climb, _ = go(*moves, approvals={RungName.PILOT: 130.0, RungName.FULL: 200.0})
    assert code is ExitCode.DONE
    assert climb.done == [("flag", RungName.PILOT, 130.0), ("flag", RungName.FULL, 200.0)]


def test_an_unknown_cost_is_never_approved_ahead(go: Go) -> None:
    code, climb, climbing = go(ask(RungName.PILOT, None, "its cost is unknown"), approvals={RungName.PILOT: 1e6})
    assert (code, climb.done) == (ExitCode.NEEDS_APPROVAL, [])
    assert "unknown" in str(climbing.why_open)


def test_a_ceiling_that_the_budget_or_forecast_refuses_needs_another(go: Go) -> None:
    code, climb, climbing = go(ask(RungName.PILOT, COST), approvals={RungName.PILOT: 130.0}, budget=100.0)
    assert (code, climb.done) == (ExitCode.NEEDS_APPROVAL, [])
    assert climbing.why_open == "more than the budget"


def test_a_run_that_was_stopped_at_its_ceiling_is_not_approved_again(go: Go) -> None:
    again = ask(RungName.PILOT, COST, "ceiling: 130 s of time")
    code, climb, climbing = go(ask(RungName.PILOT, COST), again, approvals={RungName.PILOT: 130.0})
    assert code is ExitCode.CEILING
    assert climb.done == [("flag", RungName.PILOT, 130.0)]
    assert climbing.why_open == "ceiling: 130 s of time"


def test_a_script_that_changed_is_not_approved(go: Go) -> None:
    code, climb, climbing = go(ask(RungName.PILOT, COST), approvals={RungName.PILOT: 130.0}, stale=True)
    assert (code, climb.done) == (ExitCode.NEEDS_APPROVAL, [])
    assert "changed" in str(climbing.why_open)


def test_a_script_that_changed_is_not_climbed_on(go: Go) -> None:
    with pytest.raises(StaleError, match="changed"):
        go(RunRung(RungName.REHEARSAL), stale=True)


def test_the_free_rungs_share_one_ceiling(go: Go) -> None:
    times = iter((0.0, 0.0, 20.0))
    moves = (RunRung(RungName.STATIC), RunRung(RungName.REHEARSAL), Reached(RungName.REHEARSAL))
    _, climb, _ = go(*moves, free_seconds=60.0, clock=lambda: next(times))
    assert climb.done == [("start", RungName.STATIC, 60.0), ("start", RungName.REHEARSAL, 40.0)]


def test_no_free_rung_starts_after_the_ceiling(go: Go) -> None:
    times = iter((0.0, 0.0, 61.0))
    with pytest.raises(CommandError) as raised:
        go(RunRung(RungName.STATIC), RunRung(RungName.REHEARSAL), free_seconds=60.0, clock=lambda: next(times))
    assert raised.value.exit_code is ExitCode.CEILING


def test_a_free_rung_that_was_stopped_at_its_ceiling_ends_with_4(go: Go) -> None:
    code, _, _ = go(Blocked(RungName.REHEARSAL, "ceiling: 3 s of time"))
    assert code is ExitCode.CEILING
