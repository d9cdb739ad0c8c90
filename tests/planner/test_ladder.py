"""The ladder's one next move, for every way that its rungs can stand."""

from __future__ import annotations

from typing import Any

import pytest
from mlintern.planner.ladder import next_move
from mlintern.planner.moves import Ask, Blocked, Reached, RunRung, Wait
from mlintern.planner.rungs import BUILT, FACTS, OPTIONAL
from mlintern.store.records import Rung, RungName, RungStatus

P, F, R, S = RungStatus.PASSED, RungStatus.FAILED, RungStatus.RUNNING, RungStatus.STOPPED


def _rungs(**statuses: RungStatus) -> dict[RungName, Rung]:
    return {name: Rung(1, name, statuses.get(name.value, RungStatus.PLANNED), run_id=5, why=None) for name in RungName}


def test_it_begins_at_the_bottom() -> None:
    assert next_move(_rungs(), RungName.FULL, {}) == RunRung(RungName.STATIC)


def test_rungs_that_are_not_built_are_stepped_over_and_never_count_as_passed(make_forecast: Any) -> None:
    below = {"static": P, "dryrun": P, "rehearsal": P, "overfit": P, "pilot": P}
    move = next_move(_rungs(**below), RungName.FULL, {RungName.FULL: make_forecast(rung=RungName.FULL)})
    assert isinstance(move, Ask) and move.rung is RungName.FULL


def test_confirm_comes_after_the_full_run_and_waits_for_its_runs(make_forecast: Any) -> None:
    below = {"static": P, "dryrun": P, "rehearsal": P, "overfit": P, "pilot": P}
    forecasts = {name: make_forecast(rung=name) for name in (RungName.FULL, RungName.CONFIRM)}
    first = next_move(_rungs(**below), RungName.CONFIRM, forecasts)
    assert isinstance(first, Ask) and first.rung is RungName.FULL
    then = next_move(_rungs(**below, full=P), RungName.CONFIRM, forecasts)
    assert isinstance(then, Ask) and then.rung is RungName.CONFIRM
    assert isinstance(next_move(_rungs(**below, full=P), RungName.CONFIRM, {}), Blocked)
    assert next_move(_rungs(**below, full=P, confirm=R), RungName.CONFIRM, forecasts) == Wait(RungName.CONFIRM, 5)


@pytest.mark.parametrize("standing", [P, F, R, S, RungStatus.PLANNED])
def test_a_sweep_is_on_nobodys_way(make_forecast: Any, standing: RungStatus) -> None:
    below = {"static": P, "dryrun": P, "rehearsal": P, "overfit": P, "pilot": P, "sweep": standing}
    forecasts = {name: make_forecast(rung=name) for name in (RungName.SWEEP, RungName.FULL)}
    move = next_move(_rungs(**below), RungName.FULL, forecasts)
    assert isinstance(move, Ask) and move.rung is RungName.FULL
    apart = next_move(_rungs(**below), RungName.SWEEP, forecasts)
    assert isinstance(apart, Blocked) and "mlintern sweep" in apart.why


@pytest.mark.parametrize("rung", [RungName.PILOT, RungName.FULL])
@pytest.mark.parametrize("status", [RungStatus.PLANNED, RungStatus.WAITING, RungStatus.STOPPED])
def test_a_rung_that_costs_always_asks(make_forecast: Any, rung: RungName, status: RungStatus) -> None:
    below = {name.value: P for name in BUILT if list(RungName).index(name) < list(RungName).index(rung)}
    move = next_move(_rungs(**below, **{rung.value: status}), rung, {rung: make_forecast(rung=rung)})
    assert isinstance(move, Ask) and move.rung is rung


def test_no_standing_of_the_rungs_makes_a_costly_rung_free(make_forecast: Any) -> None:
    import itertools

    forecasts = {name: make_forecast(rung=name) for name in RungName if FACTS[name].costs}
    to_full = [name for name in BUILT if name not in OPTIONAL and name is not RungName.CONFIRM]
    for standing in itertools.product(RungStatus, repeat=len(to_full)):
        rungs = _rungs(**{name.value: status for name, status in zip(to_full, standing, strict=True)})
        move = next_move(rungs, RungName.FULL, forecasts)
        assert not (isinstance(move, RunRung) and FACTS[move.rung].costs)
    free = {name.value: P for name in BUILT if not FACTS[name].costs}
    for pilot, full, confirm in itertools.product(RungStatus, repeat=3):
        move = next_move(_rungs(**free, pilot=pilot, full=full, confirm=confirm), RungName.CONFIRM, forecasts)
        assert not (isinstance(move, RunRung) and FACTS[move.rung].costs)


def test_an_unknown_cost_asks_and_says_so(make_forecast: Any) -> None:
    unknown = make_forecast(seconds=None)
    move = next_move(_rungs(static=P, dryrun=P, rehearsal=P, overfit=P), RungName.PILOT, {RungName.PILOT: unknown})
    assert isinstance(move, Ask) and "unknown" in move.why


def test_without_any_forecast_nothing_that_costs_is_even_asked_for() -> None:
    assert isinstance(next_move(_rungs(static=P, dryrun=P, rehearsal=P, overfit=P), RungName.PILOT, {}), Blocked)


def test_a_failed_rung_blocks_and_a_running_one_is_waited_for() -> None:
    assert isinstance(next_move(_rungs(static=F), RungName.FULL, {}), Blocked)
    assert next_move(_rungs(static=P, dryrun=P, rehearsal=R), RungName.FULL, {}) == Wait(RungName.REHEARSAL, 5)


def test_what_was_asked_for_is_reached() -> None:
    assert next_move(_rungs(static=P, dryrun=P, rehearsal=P), RungName.REHEARSAL, {}) == Reached(RungName.REHEARSAL)
