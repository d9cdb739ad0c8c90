"""A sweep by its real process: it finds what is better, keeps to its ceiling, and survives the death of any process."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest
from mlintern.planner.sweep.space import Parameter
from mlintern.runtime.budgets import Unit, used_by
from mlintern.store.records import Decision, RungName, RungStatus, RunStatus, SweepStatus, TrialState
from mlintern.tui import conducting, sweeping

if TYPE_CHECKING:
    from conftest import Lab

FEW = Parameter("lr", "--lr", "choice", choices=(0.1, 0.3, 0.5, 0.7), default=0.5)


def test_it_tries_the_scripts_own_first_then_others_and_fresh_seeds_in_the_end(lab: Lab) -> None:
    before = sorted(lab.project.iterdir())
    sweep, trials = lab.finish(lab.begin(lab.experiment(), space=(FEW,), seeds=3))

    assert (sweep.status, trials[0].origin, trials[0].parameters) == (SweepStatus.DONE, "given", {"lr": 0.5})
    tried = [trial.parameters["lr"] for trial in trials if trial.seed is None]
    assert sorted(tried) == [0.1, 0.3, 0.5, 0.7]
    assert [trial.seed for trial in trials if trial.seed is not None] == [101, 101, 102, 102, 103, 103]
    summary = sweep.summary
    assert summary is not None
    assert summary["best"]["parameters"] == {"lr": 0.3} and summary["baseline"]["parameters"] == {"lr": 0.5}
    assert summary["noise"]["deviation"] > 0 and summary["looked_at"] == 4
    rung = lab.store.rungs.all(sweep.experiment_id)[RungName.SWEEP]
    assert rung.status is RungStatus.PASSED and rung.seconds == pytest.approx(summary["spent_seconds"])
    assert {lab.store.runs.get(trial.run_id).isolation for trial in trials} <= {"overlay", "landlock", "audit"}
    assert [path for path in sorted(lab.project.iterdir()) if path.name != "train.py"] == before


def test_it_starts_nothing_that_the_ceiling_does_not_cover(lab: Lab) -> None:
    experiment = lab.experiment(pause=0.15)
    sweep, trials = lab.finish(lab.begin(experiment, ceiling=12.0, seconds=2.0))

    assert sweep.status is SweepStatus.DONE and len(trials) >= 2
    runs = [lab.store.runs.get(trial.run_id) for trial in trials]
    assert sum(used_by(run, Unit.SECONDS) or 0.0 for run in runs) <= sweep.ceiling_seconds
    too_little = lab.begin(experiment, ceiling=3.0, seconds=3.0)
    sweep, trials = lab.finish(too_little)
    assert trials == () and "does not cover" in (sweep.why or "")


def test_a_conductor_that_is_killed_loses_no_trial_and_another_goes_on(lab: Lab) -> None:
    sweep = lab.begin(lab.experiment(), space=(FEW,))
    lab.conduct(sweep)
    lab.until(sweep, lambda _, trials: len(trials) == 2)
    lab.kill_conductor(sweep)
    known = {trial.id: trial for trial in lab.store.sweeps.trials(sweep.id)}
    assert not conducting.is_conducted(lab.store.sweeps.get(sweep.id))

    sweep, trials = lab.finish(sweep)

    assert sweep.status is SweepStatus.DONE
    # A trial that was killed with its conductor before it began is tried once more.
    begun = [one for one in trials if lab.store.runs.get(one.run_id).status is not RunStatus.LOST]
    assert sorted(trial.parameters["lr"] for trial in begun) == [0.1, 0.3, 0.5, 0.7]
    assert len(trials) - len(begun) <= 1
    for trial in trials:
        if trial.id in known and known[trial.id].state.is_over:
            assert trial == known[trial.id]
    assert [trial.number for trial in trials] == list(range(1, len(trials) + 1))


@pytest.mark.parametrize("victim", ["supervisor", "keeper", "training"])
def test_a_trial_of_which_a_process_is_killed_is_lost_and_tried_again(lab: Lab, victim: str) -> None:
    slow = lab.experiment(pause=0.1)
    sweep = lab.begin(slow, space=(FEW,), ceiling=90.0, seconds=4.0)
    lab.store.sweeps.get(sweep.id)
    lab.conduct(sweep)

    def is_running(_: object, trials: tuple[object, ...]) -> bool:
        return bool(trials) and lab.store.runs.get(trials[0].run_id).status is RunStatus.RUNNING  # type: ignore[attr-defined]

    (first, *_) = lab.until(sweep, is_running)
    (started,) = lab.store.events.of_kind("run.started", run_id=first.run_id)
    training = int(started.data["pid"])
    supervisor = lab.store.runs.get(first.run_id).supervisor_pid
    pids = {"supervisor": supervisor, "keeper": psutil.Process(training).ppid(), "training": training}
    os.kill(pids[victim] or 0, signal.SIGKILL)
    trials = lab.until(sweep, lambda _, trials: len(trials) >= 2 and trials[1].state.is_over)

    assert (trials[0].state, trials[0].parameters) == (TrialState.LOST, trials[1].parameters)
    assert (trials[1].state, trials[1].origin) == (TrialState.COMPLETE, "given")


def test_a_second_conductor_does_nothing_while_one_lives(lab: Lab) -> None:
    sweep = lab.begin(lab.experiment(), space=(FEW,))
    lab.conduct(sweep)
    lab.until(sweep, lambda now, _: conducting.is_conducted(now))
    pid = lab.store.sweeps.get(sweep.id).conductor_pid

    assert not sweeping.go_on(lab.store, lab.home, sweep)

    assert lab.store.sweeps.get(sweep.id).conductor_pid == pid


def test_out_of_memory_is_a_region_to_stay_out_of(lab: Lab) -> None:
    space = (Parameter("lr", "--lr", "choice", choices=(0.3, 0.5, 0.95), default=0.5),)
    sweep, trials = lab.finish(lab.begin(lab.experiment(), space=space))

    assert {trial.parameters["lr"]: trial.state for trial in trials}[0.95] is TrialState.INFEASIBLE
    assert sweep.status is SweepStatus.DONE and sweep.summary is not None
    assert sweep.summary["best"]["parameters"] == {"lr": 0.3}


def test_a_metric_that_is_not_reported_ends_it_after_one_trial(lab: Lab) -> None:
    sweep, trials = lab.finish(lab.begin(lab.experiment(), metric="val f1"))

    assert sweep.status is SweepStatus.FAILED and len(trials) == 1
    assert "it reported no val f1; it printed val accuracy" in (sweep.why or "")


def test_where_the_metric_comes_once_trials_begin_short_and_the_best_go_on(lab: Lab) -> None:
    sweep = lab.begin(lab.experiment(tells_once=True), ceiling=30.0)
    lab.conduct(sweep)
    lab.until(sweep, lambda _, trials: any(one.origin == "longer" and one.length is None for one in trials))
    sweeping.stop(lab.store, sweep)
    trials = lab.until(sweep, lambda now, _: now.ended_at is not None)

    summary = lab.store.sweeps.get(sweep.id).summary
    assert summary is not None and summary["shortening"] == "begun short, by the script's own argument"
    assert {trial.length for trial in trials if trial.origin == "proposed"} == {1}
    path = [trial.length for trial in trials if trial.parameters == trials[-1].parameters]
    assert path == [1, 2, 4, None], "each level once, then the whole"
    assert summary["best"]["number"] in [trial.number for trial in trials if trial.length is None]


def test_two_workers_try_two_at_a_time_within_the_ceiling(lab: Lab) -> None:
    sweep, trials = lab.finish(lab.begin(lab.experiment(pause=0.05), space=(FEW,), workers=2))

    assert sorted(trial.parameters["lr"] for trial in trials) == [0.1, 0.3, 0.5, 0.7]
    assert sweep.status is SweepStatus.DONE


def test_a_sweep_that_is_stopped_ends_its_trials(lab: Lab) -> None:
    experiment = lab.experiment(pause=5.0)
    sweep = lab.begin(experiment, ceiling=400.0, seconds=60.0)
    lab.conduct(sweep)
    lab.until(sweep, lambda _, trials: bool(trials) and lab.store.runs.get(trials[0].run_id).started_at is not None)

    sweeping.stop(lab.store, sweep)
    trials = lab.until(sweep, lambda now, _: now.ended_at is not None)

    assert lab.store.runs.get(trials[0].run_id).status is RunStatus.STOPPED
    assert lab.store.rungs.all(experiment.id)[RungName.SWEEP].status is RungStatus.STOPPED


def test_without_a_yes_no_trial_runs(lab: Lab) -> None:
    sweep, trials = lab.finish(lab.begin(lab.experiment(), decision=Decision.DECLINED))

    assert sweep.status is SweepStatus.FAILED
    assert all(lab.store.runs.get(trial.run_id).started_at is None for trial in trials)
