"""No approval, no start of what costs; and what is free is bounded and isolated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlintern.runtime import launch
from mlintern.runtime.gate import COSTLY_RUNGS, FREE_SECONDS, admit
from mlintern.runtime.launch import LaunchError
from mlintern.runtime.protocol import Isolation, Limits, ProbeMode, ProbeSettings
from mlintern.store import NotApproved
from mlintern.store.records import RungName, RunStatus

if TYPE_CHECKING:
    from conftest import Lab

TOKEN = "the secret of the approval"
WITNESS = "open('witness', 'w')"


def test_costly_rungs_are_those_that_spend() -> None:
    assert {RungName.PILOT, RungName.SWEEP, RungName.FULL, RungName.CONFIRM} == COSTLY_RUNGS


def test_approved_run_gets_the_approvals_ceiling_and_not_the_launch_files(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), ceiling=30.0)
    limits = admit(lab.store, run, token=TOKEN, limits=Limits(wall_seconds=9e9, host_bytes=5), isolation=Isolation.NONE)
    assert limits == Limits(wall_seconds=30.0, host_bytes=5)
    (approval,) = lab.store.approvals.for_experiment(run.experiment_id)
    assert approval.used_by_run_id == run.id


@pytest.mark.parametrize("token", [None, "", "another secret"])
def test_costly_run_without_the_secret_is_refused_and_spends_nothing(lab: Lab, token: str | None) -> None:
    run = lab.new_run(lab.script(""), ceiling=30.0)
    with pytest.raises(NotApproved):
        admit(lab.store, run, token=token, limits=Limits(), isolation=Isolation.NONE)
    (approval,) = lab.store.approvals.for_experiment(run.experiment_id)
    assert approval.used_by_run_id is None


def test_approval_is_spent_once(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), ceiling=30.0)
    admit(lab.store, run, token=TOKEN, limits=Limits(), isolation=Isolation.NONE)
    again = lab.store.runs.add(
        experiment_id=run.experiment_id, rung=run.rung, ceiling_seconds=None, folder_root=lab.home
    )
    with pytest.raises(NotApproved):
        admit(lab.store, again, token=TOKEN, limits=Limits(), isolation=Isolation.NONE)


def test_approval_of_another_rung_does_not_count(lab: Lab) -> None:
    pilot = lab.new_run(lab.script(""), rung=RungName.PILOT, ceiling=30.0)
    full = lab.store.runs.add(
        experiment_id=pilot.experiment_id, rung=RungName.FULL, ceiling_seconds=None, folder_root=lab.home
    )
    with pytest.raises(NotApproved):
        admit(lab.store, full, token=TOKEN, limits=Limits(), isolation=Isolation.NONE)


@pytest.mark.parametrize("ceiling", [None, 0.0])
def test_approval_without_a_ceiling_is_none_and_stays_unspent(lab: Lab, ceiling: float | None) -> None:
    run = lab.new_run(lab.script(""), ceiling=None)
    lab.approve(run.experiment_id, run.rung, ceiling)
    with pytest.raises(NotApproved, match="no ceiling"):
        admit(lab.store, run, token=TOKEN, limits=Limits(), isolation=Isolation.NONE)
    (approval,) = lab.store.approvals.for_experiment(run.experiment_id)
    assert approval.used_by_run_id is None


def test_free_rung_needs_no_approval_but_ends_by_itself(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), rung=RungName.REHEARSAL, ceiling=None)
    limits = admit(lab.store, run, token=None, limits=Limits(), isolation=Isolation.OVERLAY)
    assert limits.wall_seconds == FREE_SECONDS
    named = admit(lab.store, run, token=None, limits=Limits(wall_seconds=15), isolation=Isolation.OVERLAY)
    assert named.wall_seconds == 15


def test_free_rung_is_never_run_on_the_users_files(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), rung=RungName.REHEARSAL, ceiling=None)
    with pytest.raises(NotApproved, match="files"):
        admit(lab.store, run, token=None, limits=Limits(), isolation=Isolation.NONE)


def test_unapproved_start_executes_nothing_and_says_why(lab: Lab) -> None:
    script = lab.script(WITNESS)
    run = lab.new_run(script, ceiling=None)
    options = {"limits": Limits(), "isolation": Isolation.NONE, "probe": ProbeSettings(ProbeMode.OFF)}
    with pytest.raises(LaunchError, match="not approved"):
        launch.start(lab.home, run.id, lab.command(script), token=TOKEN, **options)  # type: ignore[arg-type]
    ended = lab.wait(run)
    assert ended.status is RunStatus.FAILED
    assert ended.reason is not None and ended.reason.startswith("not approved")
    assert not (lab.project / "witness").exists()
    assert lab.kinds(run) == ["run.ended"]


def test_approved_start_runs(lab: Lab) -> None:
    assert lab.run(WITNESS).status is RunStatus.DONE
    assert (lab.project / "witness").exists()


def test_secret_is_in_no_file_argument_or_environment(lab: Lab) -> None:
    run = lab.run("import os, sys; print(sys.argv, dict(os.environ))")
    everything = b"".join(path.read_bytes() for path in run.folder.iterdir())
    assert TOKEN.encode() not in everything
    assert TOKEN.encode() not in lab.store.path.read_bytes()
