"""Compute saved is what was stopped, by the lower bound, less what the rungs took; nothing else counts."""

from __future__ import annotations

import pytest
from mlintern.benchmarks.honesty.world import World
from mlintern.planner.saved import Ledger, Why, ledger
from mlintern.store.records import Decision, Experiment, RungName, RungStatus, RunStatus


def of(world: World, *experiments: Experiment) -> Ledger:
    return ledger(world.store, experiments)


def decline(world: World, experiment: Experiment) -> None:
    world.store.approvals.add(
        experiment_id=experiment.id, rung=RungName.FULL, forecast_id=None, decision=Decision.DECLINED,
        ceiling_seconds=None, reason="too long", decided_by="tui", token_hash=None,
    )  # fmt: skip


def test_nothing_stopped_is_nothing_saved_and_the_rungs_are_taken_off(world: World) -> None:
    experiment = world.experiment()
    world.run(experiment, {}, rung=RungName.PILOT)
    world.run(experiment, {})
    found = of(world, experiment)
    assert (found.savings, found.seconds, found.rung_seconds, found.net_seconds) == ((), 0, 100.0, -100.0)


def test_an_error_that_stands_saves_the_lower_bound(world: World) -> None:
    experiment = world.experiment()
    world.find(experiment, "data.leak.overlap")
    (saving,) = of(world, experiment).savings
    assert (saving.why, saving.seconds, saving.usd) == (Why.ERROR, 80.0, None)


def test_an_accepted_error_or_a_full_run_saves_nothing(world: World) -> None:
    accepted, made = world.experiment("--a"), world.experiment("--b")
    world.find(accepted, "data.leak.overlap", accepted=True)
    world.find(made, "data.leak.overlap")
    world.run(made, {})
    assert of(world, accepted, made).savings == ()


def test_a_person_who_declined_saved_it(world: World) -> None:
    experiment = world.experiment()
    decline(world, experiment)
    (saving,) = of(world, experiment).savings
    assert (saving.why, saving.seconds) == (Why.DECLINED, 80.0)


def test_a_crash_counts_nothing(world: World) -> None:
    experiment = world.experiment()
    world.find(experiment, "run.crash")
    world.store.rungs.set(experiment.id, RungName.REHEARSAL, RungStatus.FAILED, why="it broke")
    assert of(world, experiment).savings == ()


@pytest.mark.parametrize(
    ("reason", "taken", "wanted"),
    [("stopped on request", 30.0, 50.0), ("stopped on request", 90.0, None), ("the ceiling was passed", 30.0, None)],
)
def test_a_full_run_that_was_stopped_saves_what_it_had_left(
    world: World, reason: str, taken: float, wanted: float | None
) -> None:
    experiment = world.experiment()
    run = world.run(experiment, {}, status=RunStatus.STOPPED)
    world.store.runs.update(run.id, reason=reason, wall_seconds=taken)
    assert [one.seconds for one in of(world, experiment).savings] == ([] if wanted is None else [wanted])


def test_the_same_command_line_counts_once(world: World) -> None:
    first = world.experiment("--seed", "1")
    world.script("train.py", "import torch  # mended\n")
    second = world.experiment("--seed", "2")
    for experiment in (first, second):
        world.find(experiment, "data.leak.overlap")
    assert len({first.fingerprint, second.fingerprint}) == 2
    assert len(of(world, first, second).savings) == 1
