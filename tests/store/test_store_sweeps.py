"""Sweeps and trials: whole, numbered, and never changed once they have ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.store import NotFound, Store, StoreRefused
from mlintern.store.records import Decision, Experiment, Interval, RungName, RunStatus, Sweep, SweepStatus, TrialState


@pytest.fixture
def sweep(store: Store, experiment: Experiment) -> Sweep:
    approval = store.approvals.add(
        experiment_id=experiment.id, rung=RungName.SWEEP, forecast_id=None, decision=Decision.APPROVED,
        ceiling_seconds=60.0, reason=None, decided_by="flag", token_hash=None,
    )  # fmt: skip
    return store.sweeps.add(
        experiment_id=experiment.id, approval_id=approval.id, space=[{"name": "lr", "low": 0.1}], metric="val loss",
        maximise=False, insisted=True, seeds=3, workers=2, ceiling_seconds=60.0, trial_seconds=Interval(1, 2, 3),
        setup_seconds=0.5, length={"flag": "--epochs", "full": 9}, seed_flag=None,
    )  # fmt: skip


def test_a_sweep_comes_back_as_it_was(store: Store, sweep: Sweep) -> None:
    told = store.sweeps.get(sweep.id)
    assert (told.space, told.maximise, told.insisted) == (({"name": "lr", "low": 0.1},), False, True)
    assert (told.trial_seconds, told.length, told.summary) == (Interval(1, 2, 3), {"flag": "--epochs", "full": 9}, None)
    assert store.sweeps.update(sweep.id, summary={"best": None}).summary == {"best": None}
    assert store.sweeps.recent() == store.sweeps.for_experiment(sweep.experiment_id)
    with pytest.raises(NotFound):
        store.sweeps.get(99)
    with pytest.raises(TypeError, match="ceiling_seconds"):
        store.sweeps.update(sweep.id, ceiling_seconds=1e9)  # type: ignore[call-arg]


def test_one_approval_is_of_one_sweep(store: Store, sweep: Sweep) -> None:
    with pytest.raises(StoreRefused):
        store._connection.write(
            "INSERT INTO sweeps SELECT NULL, experiment_id, approval_id, status, why, space, metric, maximise,"
            " insisted, seeds, workers, ceiling_seconds, trial_seconds, setup_seconds, length, seed_flag, created_at,"
            " ended_at, conductor_pid, conductor_started, summary FROM sweeps"
        )


def test_trials_are_numbered_and_one_that_ended_stays(store: Store, sweep: Sweep, home: Path) -> None:
    ids = []
    for lr in (0.1, 0.2):
        run = store.runs.add(
            experiment_id=sweep.experiment_id, rung=RungName.SWEEP, ceiling_seconds=5.0, folder_root=home
        )
        store.runs.update(run.id, status=RunStatus.DONE)
        ids.append(run.id)
        store.sweeps.add_trial(
            sweep_id=sweep.id, origin="proposed", parameters={"lr": lr}, length=None, seed=None, run_id=run.id
        )
    first, second = store.sweeps.trials(sweep.id)
    assert (first.number, second.number) == (1, 2)
    ended = store.sweeps.end_trial(first.id, TrialState.COMPLETE, value=0.5, cost_seconds=2.0, why=None)
    again = store.sweeps.end_trial(first.id, TrialState.FAILED, value=None, cost_seconds=None, why="late")
    assert again == ended and ended.value == 0.5
    assert store.sweeps.trial_of_run(ids[1]) == second and store.sweeps.trial_of_run(99) is None
    assert SweepStatus.RUNNING is sweep.status
