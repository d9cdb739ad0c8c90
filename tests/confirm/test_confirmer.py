"""A confirmation by its real process: fresh seeds in fresh copies, one ceiling, no loss when a process is killed."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest
from mlintern.planner.confirm.wanted import Wanted
from mlintern.planner.verification.checked import Answer
from mlintern.planner.verification.confirmed import check_repeat
from mlintern.runtime.budgets import Unit, used_by
from mlintern.runtime.fresh_copy import FOLDER, REPORT
from mlintern.store import StoreRefused
from mlintern.store.confirmations import ConfirmationStatus, Purpose
from mlintern.store.records import RungName, RungStatus, RunStatus
from mlintern.tui import confirming

if TYPE_CHECKING:
    from conftest import Lab


def test_fresh_seeds_in_fresh_copies_against_a_baseline_and_a_target(lab: Lab) -> None:
    experiment, baseline = lab.experiment("--lr", "0.1"), lab.experiment("--lr", "0.9")
    lab.full(experiment)
    against = lab.full(baseline)
    before = {path: path.read_bytes() for path in lab.project.rglob("*") if path.is_file()}

    begun = lab.begin(experiment, Wanted(seeds=3, target=80.0, against=against.id))
    state = lab.finish(begun)

    confirmation = state.confirmation
    assert confirmation.status is ConfirmationStatus.DONE, confirmation.why
    ran = [(one.repeat.purpose, one.repeat.seed) for one in state.looks]
    pairs = [(purpose, seed) for seed in (1001, 1002, 1003) for purpose in (Purpose.SEED, Purpose.BASELINE)]
    assert ran == [*pairs, (Purpose.AGAIN, 1001)]
    assert {one.repeat.args for one in state.looks if one.repeat.purpose is Purpose.BASELINE} == {
        ("--lr", "0.9", f"--seed={seed}") for seed in (1001, 1002, 1003)
    }
    summary = confirmation.summary
    assert summary is not None and list(summary["values"]) == ["1001", "1002", "1003"]
    answers = {one["kind"]: (one["answer"], one["because"]) for one in summary["claims"]}
    assert answers["reached"][0] == "supported", answers
    assert answers["better"][0] == "not supported", "both sides do the same"
    assert summary["again"]["answer"] == "equal" and summary["resumed"]["answer"] == "not verified"
    assert confirmation.differences == ()
    # Fresh: the cache of before is not there, the data is, and nothing of the user's was written.
    logs = [one.run.log_path.read_text() for one in state.looks]
    assert all("left over: False" in log for log in logs)
    assert {path: path.read_bytes() for path in lab.project.rglob("*") if path.is_file()} == before
    report = lab.store.reports.get(state.looks[0].run.id, REPORT)
    assert report is not None and report["linked"] == [str(lab.project / "data" / "rows.txt")]
    assert not any((one.run.folder / FOLDER).exists() for one in state.looks)
    rung = lab.store.rungs.all(experiment.id)[RungName.CONFIRM]
    assert rung.status is RungStatus.PASSED and (rung.why or "").startswith("supported")
    assert {one.answer for one in check_repeat(lab.store, state.looks[0].run)} == {Answer.MATCHES}
    for change in ("UPDATE confirmations SET target = 1", "DELETE FROM repeats", "UPDATE repeats SET seed = 3"):
        with pytest.raises(StoreRefused):
            lab.store._connection.write(change)


def test_a_conductor_that_is_killed_loses_no_run_and_another_goes_on(lab: Lab) -> None:
    experiment = lab.experiment("--pause", "0.3")
    lab.full(experiment)
    begun = lab.begin(experiment)
    lab.until(begun, lambda state: len(state.looks) == 2 and state.running != ())
    lab.kill_conductor(begun)
    known = {one.run.id for one in lab.until(begun, lambda _: True).looks}

    state = lab.finish(begun)

    assert state.confirmation.status is ConfirmationStatus.DONE
    assert known <= {one.run.id for one in state.looks}
    done = [one.repeat.seed for one in state.looks if one.run.status is RunStatus.DONE]
    assert done == [1001, 1002, 1003, 1001], "each seed once, and the first again"
    spent = sum(used_by(one.run, Unit.SECONDS) or 0.0 for one in state.looks)
    assert spent <= state.confirmation.ceiling_seconds


@pytest.mark.parametrize("victim", ["supervisor", "keeper", "training"])
def test_a_run_of_which_a_process_is_killed_is_run_again_or_told(lab: Lab, victim: str) -> None:
    experiment = lab.experiment("--pause", "1.5")
    lab.full(experiment)
    begun = lab.begin(experiment, Wanted(seeds=2, checks=False))
    state = lab.until(begun, lambda state: state.looks[0].run.status is RunStatus.RUNNING)
    (started,) = lab.store.events.of_kind("run.started", run_id=state.looks[0].run.id)
    training = int(started.data["pid"])
    pids = {"supervisor": state.looks[0].run.supervisor_pid, "keeper": psutil.Process(training).ppid()}
    os.kill(pids.get(victim, training) or 0, signal.SIGKILL)

    state = lab.finish(begun)

    assert state.confirmation.status is ConfirmationStatus.DONE
    seeds = [one.repeat.seed for one in state.looks]
    if victim == "supervisor":
        assert state.looks[0].run.status is RunStatus.LOST and seeds == [1001, 1001, 1002]
    else:  # nobody can tell that the script was not to blame: it counts as a failure, and is in no mean
        assert state.looks[0].run.status is RunStatus.FAILED and seeds == [1001, 1002]
        assert state.confirmation.summary is not None
        assert state.confirmation.summary["left_out"] == [state.looks[0].run.id]


def test_what_the_ceiling_does_not_cover_is_not_run(lab: Lab) -> None:
    experiment = lab.experiment("--pause", "1.0")
    lab.full(experiment)
    plan = lab.plan(experiment)
    begun = lab.begin(experiment, ceiling=plan.seconds.low)

    state = lab.finish(begun)

    assert state.confirmation.status is ConfirmationStatus.STOPPED
    assert "does not cover another run" in (state.confirmation.why or "")
    assert 1 <= len(state.looks) < plan.runs
    assert sum(used_by(one.run, Unit.SECONDS) or 0.0 for one in state.looks) <= plan.seconds.low


def test_one_that_is_stopped_ends_its_run(lab: Lab) -> None:
    experiment = lab.experiment("--pause", "60")
    lab.full(experiment, seconds=60.0)
    begun = lab.begin(experiment, ceiling=2000.0)
    lab.until(begun, lambda state: state.looks[0].run.status is RunStatus.RUNNING)
    confirming.stop(lab.store, begun)

    state = lab.finish(begun)

    assert state.looks[0].run.status is RunStatus.STOPPED and len(state.looks) == 1
    assert lab.store.rungs.all(experiment.id)[RungName.CONFIRM].status is RungStatus.STOPPED
