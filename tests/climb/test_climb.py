"""A script nobody wrote for us, from first look to result; and every way to spend without an approval, failing."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.budget import BudgetError
from mlintern.planner.moves import Ask, Blocked, Reached, Wait
from mlintern.runtime import launch
from mlintern.runtime.room import Room, RoomWatch
from mlintern.store import Store
from mlintern.store.records import Decision, Forecast, Run, RungName, RungStatus, RunStatus, Severity
from mlintern.tui.climb import Climb, ClimbError, StaleError
from mlintern.tui.engine import Limits


def test_from_the_first_look_to_the_result(store: Store, climber: Any) -> None:
    before = climber.checksums()
    climb = climber.open(store)
    move = climber.freely(climb)
    assert isinstance(move, Ask) and move.rung is RungName.PILOT
    assert climber.checksums() == before
    full = store.forecasts.latest(climb.experiment.id, RungName.FULL)
    assert full is not None and (full.steps, full.steps_exact) == (1600, True)
    assert full.seconds is not None

    run = climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal")
    move = climber.freely(climb)
    assert isinstance(move, Ask) and move.rung is RungName.FULL
    assert climber.checksums() == before
    piloted = store.runs.get(run.id)
    assert piloted.status is RunStatus.DONE and piloted.steps == move.forecast.steps_exact * 80

    run = climb.approve(RungName.FULL, ceiling_seconds=60.0, by="terminal")
    assert isinstance(climber.freely(climb), Reached)
    done = store.runs.get(run.id)
    assert (done.status, done.steps, done.isolation) == (RunStatus.DONE, 1600, "none")
    assert climber.checksums()["model.pt"] != before["model.pt"]
    view = climb.view()
    statuses = {rung.name: rung.status for rung in view.rungs}
    assert (statuses[RungName.DRYRUN], statuses[RungName.OVERFIT]) == (RungStatus.PASSED, RungStatus.PASSED)
    assert any(fact.startswith("peak memory of tensors before anything is allocated") for fact in view.verified)
    assert view.budgets[0].spent > 0


def test_a_new_climb_keeps_the_limits_and_what_is_left_of_the_budget(store: Store, climber: Any, project: Path) -> None:
    said = Limits(declared_steps=900, budget_seconds=60.0, host_limit_bytes=8 << 30)
    first = climber.open(store, limits=said)
    run = store.runs.add(
        experiment_id=first.experiment.id, rung=RungName.PILOT, ceiling_seconds=30.0, folder_root=project
    )
    store.runs.update(run.id, status=RunStatus.DONE, started_at=1.0, wall_seconds=20.0)
    second = climber.open(store, fresh=True).experiment
    assert second.id != first.experiment.id
    assert (second.declared_steps, second.budget_seconds, second.host_limit_bytes) == (900, 40.0, 8 << 30)
    with (project / "train.py").open("a") as script:
        script.write("print('changed')\n")
    third = Climb.again(store, climber.home, second).experiment
    assert (third.declared_steps, third.budget_seconds, third.host_limit_bytes) == (None, 40.0, 8 << 30)
    assert third.working_dir == project and third.python == second.python


def test_an_approval_is_for_the_forecast_that_was_shown(store: Store, climber: Any) -> None:
    climb, shown = _asking(store, climber)
    climb.change_limits(Limits(declared_steps=5000))
    with pytest.raises(ClimbError, match="changed meanwhile"):
        climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal", forecast_id=shown.id)
    assert _costly_runs(store, climb) == []


def test_what_is_approved_ahead_must_cover_the_middle_of_the_forecast(store: Store, climber: Any) -> None:
    climb, forecast = _asking(store, climber)
    assert forecast.seconds is not None
    between = (forecast.seconds.low + forecast.seconds.mid) / 2
    with pytest.raises(BudgetError, match="approved ahead"):
        climb.approve(RungName.PILOT, ceiling_seconds=between, by="flag")
    assert _costly_runs(store, climb) == []


def test_another_process_picks_the_ladder_up_where_it_stood(store: Store, climber: Any, home: Path) -> None:
    first = climber.open(store)
    climber.freely(first)
    with Store.open(home) as other:
        again = climber.open(other)
        assert again.experiment.id == first.experiment.id
        assert isinstance(again.next(), Ask)


def test_a_changed_line_is_another_experiment(store: Store, climber: Any, project: Path) -> None:
    first = climber.open(store)
    with (project / "train.py").open("a") as script:
        script.write("print('changed')\n")
    assert climber.open(store).experiment.id != first.experiment.id


def test_a_crash_at_the_end_is_found_and_nothing_that_costs_is_offered(
    store: Store, climber: Any, project: Path
) -> None:
    script = project / "train.py"
    script.write_text(script.read_text().replace('"model.pt"', '"out/final/model.pt"'))
    climb = climber.open(store)
    assert isinstance(climber.freely(climb), Blocked)
    (finding,) = climb.view().findings
    assert (finding.code, finding.severity, finding.file, finding.line) == ("run.crash", Severity.ERROR, "train.py", 14)
    assert "out/final" in finding.message


def _asking(store: Store, climber: Any, *args: str) -> tuple[Climb, Forecast]:
    climb = climber.open(store, *args)
    move = climber.freely(climb)
    assert isinstance(move, Ask)
    return climb, move.forecast


def _costly_runs(store: Store, climb: Climb) -> list[Run]:
    return [
        run for run in store.runs.for_experiment(climb.experiment.id) if run.rung in (RungName.PILOT, RungName.FULL)
    ]


def test_a_costly_rung_never_starts_as_a_free_one(store: Store, climber: Any) -> None:
    climb, _ = _asking(store, climber)
    for rung in (RungName.PILOT, RungName.FULL):
        with pytest.raises(ClimbError):
            climb.start(rung)
    assert _costly_runs(store, climb) == []


def test_a_rung_cannot_be_skipped_by_approving_a_later_one(store: Store, climber: Any) -> None:
    climb, _ = _asking(store, climber)
    with pytest.raises(ClimbError):
        climb.approve(RungName.FULL, ceiling_seconds=1e6, by="terminal")
    assert _costly_runs(store, climb) == []


class FakeRoom(RoomWatch):
    """A machine that others use: as much memory is free as the test says."""

    def __init__(self, host_bytes: int) -> None:
        super().__init__()
        self.host_bytes = host_bytes

    def look(self) -> Room:
        return Room(self.host_bytes)


def test_what_cannot_fit_into_the_free_memory_is_not_started(
    store: Store, climber: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    climb, forecast = _asking(store, climber)
    assert forecast.peak_host_bytes is not None
    monkeypatch.setattr(climb, "_room", FakeRoom(int(forecast.peak_host_bytes.low) - 1))
    assert climb.view().room == Room(int(forecast.peak_host_bytes.low) - 1)
    with pytest.raises(ClimbError, match=r"it needs at least .* of memory"):
        climb.approve(RungName.PILOT, ceiling_seconds=600, by="terminal")
    assert _costly_runs(store, climb) == []
    monkeypatch.setattr(climb, "_room", FakeRoom(int(forecast.peak_host_bytes.low) + 1))
    assert climb.approve(RungName.PILOT, ceiling_seconds=600, by="terminal").rung is RungName.PILOT


def test_a_ceiling_that_is_too_low_starts_nothing(store: Store, climber: Any) -> None:
    climb, forecast = _asking(store, climber)
    assert forecast.seconds is not None
    with pytest.raises(BudgetError):
        climb.approve(RungName.PILOT, ceiling_seconds=forecast.seconds.low / 2, by="terminal")
    assert _costly_runs(store, climb) == []
    assert not store.approvals.for_experiment(climb.experiment.id)


def test_a_script_that_changed_after_its_rehearsal_is_neither_approved_nor_climbed(
    store: Store, climber: Any, project: Path
) -> None:
    climb, _ = _asking(store, climber)
    untouched = climber.open(store, "41")
    with (project / "train.py").open("a") as script:
        script.write("print('changed')\n")
    with pytest.raises(StaleError, match="changed"):
        climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal")
    with pytest.raises(StaleError, match="changed"):
        untouched.start(RungName.STATIC)
    assert _costly_runs(store, climb) == []
    assert not store.approvals.for_experiment(climb.experiment.id)


def test_a_budget_is_never_passed(store: Store, climber: Any) -> None:
    climb, _ = _asking(store, climber)
    climb.change_limits(Limits(budget_seconds=5.0))
    with pytest.raises(BudgetError, match="budget"):
        climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal")
    assert _costly_runs(store, climb) == []


def test_a_run_without_its_token_is_refused_by_its_supervisor(store: Store, climber: Any, home: Path) -> None:
    climb, _ = _asking(store, climber)
    for token in (None, "guessed"):
        run = store.runs.add(
            experiment_id=climb.experiment.id, rung=RungName.FULL, ceiling_seconds=1e6, folder_root=home
        )
        with pytest.raises(launch.LaunchError, match="not approved"):
            climb._launch(run, token=token)
        assert store.runs.get(run.id).status is RunStatus.FAILED
        assert store.runs.get(run.id).started_at is None


def test_two_faces_approving_at_once_start_one_run(store: Store, climber: Any, home: Path) -> None:
    climb, _ = _asking(store, climber)
    barrier = threading.Barrier(2)
    outcomes: list[object] = []

    def approve() -> None:
        with Store.open(home) as own:
            face = climber.open(own)
            barrier.wait()
            try:
                outcomes.append(face.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal"))
            except ClimbError as refused:
                outcomes.append(refused)

    faces = [threading.Thread(target=approve) for _ in range(2)]
    for face in faces:
        face.start()
    for face in faces:
        face.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ClimbError", "Run"]
    assert len(_costly_runs(store, climb)) == 1
    climber.freely(climb)


def test_a_face_that_dies_between_approval_and_start_has_spent_nothing(store: Store, climber: Any, home: Path) -> None:
    climb, _ = _asking(store, climber)
    child = os.fork()
    if child == 0:
        with Store.open(home) as own:
            launch.start = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
            climber.open(own).approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal")
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    move = climber.until(climb, RungName.FULL, lambda move: not isinstance(move, Wait), seconds=60.0)
    assert isinstance(move, Ask) and move.rung is RungName.PILOT
    (run,) = _costly_runs(store, climb)
    assert run.status is RunStatus.LOST and run.started_at is None
    (approval,) = store.approvals.for_experiment(climb.experiment.id)
    assert approval.used_by_run_id is None


ENDLESS = """
import random, torch
model = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
while random.random() > 1e-9:
    opt.zero_grad(); model(torch.ones(1, 2)).sum().backward(); opt.step()
"""


def test_an_unknown_cost_is_never_approved_ahead_and_always_asks(store: Store, climber: Any, project: Path) -> None:
    (project / "train.py").write_text(ENDLESS)
    climb, _ = _asking(store, climber)
    climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal")
    move = climber.freely(climb)
    assert isinstance(move, Ask) and move.rung is RungName.FULL
    assert move.forecast.seconds is None and "unknown" in move.why
    with pytest.raises(ClimbError, match="unknown"):
        climb.approve(RungName.FULL, ceiling_seconds=1e6, by="flag")
    assert [run.rung for run in _costly_runs(store, climb)] == [RungName.PILOT]
    climb.change_limits(Limits(declared_steps=2000))
    move = climb.next()
    assert isinstance(move, Ask) and move.forecast.seconds is not None and move.forecast.steps == 2000


def test_a_no_is_recorded_with_its_reason_and_starts_nothing(store: Store, climber: Any) -> None:
    climb, forecast = _asking(store, climber)
    climb.decline(RungName.PILOT, "not today", by="tui")
    (approval,) = store.approvals.for_experiment(climb.experiment.id)
    assert (approval.decision, approval.reason, approval.forecast_id) == (Decision.DECLINED, "not today", forecast.id)
    assert _costly_runs(store, climb) == []


HUNGRY = """
import sys, threading, torch
held = torch.ones(int(sys.argv[1]) << 18)
threading.Event().wait()
"""


def test_a_run_is_stopped_at_the_limits_that_the_person_set(store: Store, climber: Any, project: Path) -> None:
    (project / "train.py").write_text(HUNGRY)
    climb = climber.open(store, "900", limits=Limits(host_limit_bytes=700 << 20, disk_limit_bytes=1 << 30))
    move = climber.freely(climb)
    assert isinstance(move, Blocked)
    assert move.why.startswith("ceiling") and move.why.endswith("of memory, 700 MiB allowed")
    run, dry = sorted(store.runs.for_experiment(climb.experiment.id), key=lambda run: run.rung is RungName.DRYRUN)
    assert (run.rung, run.status, dry.status) == (RungName.REHEARSAL, RunStatus.STOPPED, RunStatus.DONE)
    told = next(event for event in store.events.after(0, experiment_id=climb.experiment.id) if "limits" in event.kind)
    assert told.data == {"host_limit_bytes": 700 << 20, "disk_limit_bytes": 1 << 30}
    again = climber.open(store, "900")
    assert again.experiment.host_limit_bytes == 700 << 20, "what is not said again stays"


SLOWS_DOWN = """
import time, torch
model = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3000):
    if step > 1000 and step < 2999:
        time.sleep(0.5)
    opt.zero_grad(); model(torch.ones(1, 2)).sum().backward(); opt.step()
"""


def test_a_run_that_reaches_its_ceiling_stops_and_asks_again(store: Store, climber: Any, project: Path) -> None:
    (project / "train.py").write_text(SLOWS_DOWN)
    climb, _ = _asking(store, climber)
    climb.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal")
    climber.freely(climb)
    run = climb.approve(RungName.FULL, ceiling_seconds=12.0, by="terminal")
    move = climber.freely(climb)
    assert isinstance(move, Ask) and move.rung is RungName.FULL and "ceiling" in move.why
    stopped = store.runs.get(run.id)
    assert stopped.status is RunStatus.STOPPED and stopped.reason is not None and "ceiling" in stopped.reason


def test_an_old_climb_goes_on_where_it_stood(store: Store, climber: Any) -> None:
    climb = climber.open(store)
    climber.freely(climb)
    store.rungs.set(climb.experiment.id, RungName.DRYRUN, RungStatus.NOT_BUILT, why="not built yet")
    again = climber.open(store)
    move = again.next()
    assert isinstance(move, Ask) and move.rung is RungName.PILOT
    dryrun = next(rung for rung in again.view().rungs if rung.name is RungName.DRYRUN)
    assert (dryrun.status, dryrun.why) == (RungStatus.SKIPPED, "it was not built yet when this was climbed")


def test_a_script_that_cannot_be_dry_run_is_rehearsed_all_the_same(
    store: Store, climber: Any, project: Path
) -> None:
    script = project / "train.py"
    doubt = "assert model.weight.abs().max().item() < 0.4, 'made up'\nfor epoch"  # true of real weights alone
    script.write_text(script.read_text().replace("for epoch", doubt, 1))
    before = climber.checksums()
    climb = climber.open(store)
    move = climber.freely(climb)
    assert isinstance(move, Ask) and move.rung is RungName.PILOT
    assert climber.checksums() == before
    dryrun = next(rung for rung in climb.view().rungs if rung.name is RungName.DRYRUN)
    assert dryrun.status is RungStatus.SKIPPED and dryrun.why is not None
    assert dryrun.why.startswith("could not, because AssertionError: made up")
    assert climb.view().findings == ()
    assert any("shapes fit" in fact for fact in climb.view().not_verified)


def test_a_dry_run_that_a_person_stops_is_stopped_and_not_skipped(store: Store, climber: Any, project: Path) -> None:
    (project / "train.py").write_text("import threading\nthreading.Event().wait()\n")
    climb = climber.open(store)
    move = climber.until(climb, RungName.FULL, lambda move: isinstance(move, Wait) and move.rung is RungName.DRYRUN)
    launch.stop(store, move.run_id)
    move = climber.until(climb, RungName.FULL, lambda move: not isinstance(move, Wait))
    assert isinstance(move, Blocked) and (move.rung, move.why) == (RungName.DRYRUN, "stopped on request")
