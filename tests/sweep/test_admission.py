"""The gate and a trial: what the sweep's approval covers starts, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlintern.runtime.gate import admit
from mlintern.runtime.protocol import Isolation, Limits
from mlintern.store import NotApproved
from mlintern.store.records import Decision, Run, RungName, RunStatus, Sweep, SweepStatus

if TYPE_CHECKING:
    from conftest import Lab


def run_of(lab: Lab, sweep: Sweep, ceiling: float | None = 10.0) -> Run:
    run = lab.store.runs.add(
        experiment_id=sweep.experiment_id, rung=RungName.SWEEP, ceiling_seconds=ceiling, folder_root=lab.home
    )
    lab.store.sweeps.add_trial(
        sweep_id=sweep.id, origin="proposed", parameters={"lr": 0.1}, length=None, seed=None, run_id=run.id
    )
    return run


def admitted(lab: Lab, run: Run, isolation: Isolation = Isolation.OVERLAY) -> Limits:
    return admit(lab.store, run, token=None, limits=Limits(wall_seconds=9e9), isolation=isolation)


def test_a_trial_gets_its_own_ceiling(lab: Lab) -> None:
    assert admitted(lab, run_of(lab, lab.begin(lab.experiment()))).wall_seconds == 10.0


def test_trials_together_never_pass_the_approved_ceiling(lab: Lab) -> None:
    sweep = lab.begin(lab.experiment(), ceiling=25.0)
    first, second, third = (run_of(lab, sweep) for _ in range(3))
    lab.store.runs.update(first.id, status=RunStatus.DONE, started_at=1.0, wall_seconds=4.0)

    admitted(lab, second)  # 4 used, 10 held by the third, 10 for this one: 24 of 25
    with pytest.raises(NotApproved, match="are used or held"):
        lab.store.runs.update(first.id, wall_seconds=6.0)
        admitted(lab, third)


def test_a_run_that_no_sweep_lists_is_refused_even_with_a_token(lab: Lab) -> None:
    sweep = lab.begin(lab.experiment())
    run = lab.store.runs.add(
        experiment_id=sweep.experiment_id, rung=RungName.SWEEP, ceiling_seconds=5.0, folder_root=lab.home
    )
    with pytest.raises(NotApproved, match="no sweep knows it"):
        admit(lab.store, run, token="any", limits=Limits(), isolation=Isolation.OVERLAY)


def test_a_later_no_takes_the_approval_back(lab: Lab) -> None:
    sweep = lab.begin(lab.experiment())
    run = run_of(lab, sweep)
    lab.store.approvals.add(
        experiment_id=sweep.experiment_id, rung=RungName.SWEEP, forecast_id=None, decision=Decision.DECLINED,
        ceiling_seconds=None, reason=None, decided_by="terminal", token_hash=None,
    )  # fmt: skip
    with pytest.raises(NotApproved, match="nobody approved it"):
        admitted(lab, run)


def test_a_sweep_that_is_over_starts_nothing(lab: Lab) -> None:
    sweep = lab.begin(lab.experiment())
    run = run_of(lab, sweep)
    lab.store.sweeps.update(sweep.id, status=SweepStatus.STOPPED)
    with pytest.raises(NotApproved, match="is over"):
        admitted(lab, run)


def test_a_trial_is_kept_from_the_users_files(lab: Lab) -> None:
    run = run_of(lab, lab.begin(lab.experiment()))
    with pytest.raises(NotApproved, match="kept from the user's files"):
        admitted(lab, run, Isolation.NONE)


def test_the_experiments_budget_holds_for_trials_too(lab: Lab) -> None:
    sweep = lab.begin(lab.experiment())
    run = run_of(lab, sweep)
    lab.store.experiments.update(sweep.experiment_id, budget_seconds=4.0)
    assert admitted(lab, run).wall_seconds == 4.0


def test_what_was_approved_and_tried_is_never_changed(lab: Lab) -> None:
    from mlintern.store import StoreRefused

    sweep = lab.begin(lab.experiment())
    run_of(lab, sweep)
    for change in (
        "UPDATE sweeps SET ceiling_seconds = 1e9",
        "DELETE FROM trials",
        "UPDATE trials SET parameters = '{}'",
        "DELETE FROM sweeps",
    ):
        with pytest.raises(StoreRefused):
            lab.store._connection.write(change)
