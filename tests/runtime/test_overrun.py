"""A run that will need more than was approved: said early, and allowed more only by a new approval."""

from __future__ import annotations

import random
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from mlintern.runtime import launch
from mlintern.runtime.overrun import REPORT, Overrun
from mlintern.runtime.recorder import Recorder
from mlintern.runtime.reforecast import Progress
from mlintern.store import NotApproved
from mlintern.store.records import EARLY_END, Decision, Interval, Run, RungName, RunStatus

if TYPE_CHECKING:
    from conftest import Lab


def told(planned: int, seconds_of_step: list[float]) -> Interval | None:
    """What is said after these steps, looked at after every tenth one."""
    progress, elapsed = Progress(planned), 0.0
    for step, seconds in enumerate(seconds_of_step, start=1):
        elapsed += seconds
        if step % 10 == 0:
            progress.hear(elapsed, step)
    return progress.total()


def test_steady_steps_are_foretold_closely() -> None:
    total = told(1000, [0.1] * 200)
    assert total is not None
    assert total.low < 100.0 < total.high
    assert total.mid == pytest.approx(100.0, rel=0.01)
    assert total.high - total.low < 10.0


def test_nothing_is_said_too_early() -> None:
    assert told(10_000, [0.1] * 400) is None  # 4 %
    assert told(100, [0.1] * 60) is None  # too few looks
    assert Progress(100).total() is None


def test_the_set_up_before_the_first_step_is_not_multiplied() -> None:
    total = told(1000, [30.0, *[0.1] * 299])
    assert total is not None
    assert total.mid == pytest.approx(130.0, rel=0.02)


@pytest.mark.parametrize("seed", range(20))
def test_uneven_steps_widen_the_bounds_and_stay_within(seed: int) -> None:
    draw = random.Random(seed)
    steps = [draw.lognormvariate(0, 0.5) * 0.1 + (2.0 if step % 100 == 99 else 0.0) for step in range(2000)]
    total = told(2000, steps[:400])
    assert total is not None
    assert total.low < sum(steps) < total.high


def test_hours_cost_no_more_than_minutes() -> None:
    progress = Progress(1_000_000)
    for step in range(1, 1_000_001, 10):
        progress.hear(step * 0.01, step)
    assert len(progress._points) <= 65
    total = progress.total()
    assert total is not None and total.mid == pytest.approx(10_000, rel=0.01)


@pytest.fixture
def planned(lab: Lab) -> Run:
    """A run of a thousand steps, not started."""
    run = lab.new_run(lab.script("pass"))
    return lab.store.runs.update(run.id, planned_steps=1000)


def go_on(overrun: Overrun, recorder: Recorder, ceiling: float, *, seconds_of_step: float = 0.1) -> None:
    """Twenty looks, ten steps apart."""
    for look in range(1, 21):
        recorder.steps = 10 * look
        overrun.look(10 * look * seconds_of_step, ceiling)
    recorder.flush()


def test_it_asks_once_when_even_the_lower_bound_passes_the_ceiling(lab: Lab, planned: Run) -> None:
    recorder = Recorder(lab.store, planned)
    go_on(Overrun(lab.store, planned, recorder), recorder, 80.0)
    (asked,) = [event for event in lab.events(planned) if event.kind == "run.asks"]
    assert asked.data["ceiling_seconds"] == 80.0
    assert 80.0 < asked.data["seconds"]["low"] <= 100.0
    report = lab.store.reports.get(planned.id, REPORT)
    assert report is not None and report["mid"] == pytest.approx(100.0, rel=0.02)


def test_it_does_not_ask_while_the_ceiling_may_do(lab: Lab, planned: Run) -> None:
    recorder = Recorder(lab.store, planned)
    go_on(Overrun(lab.store, planned, recorder), recorder, 99.0)
    assert "run.asks" not in lab.kinds(planned)
    assert lab.store.reports.get(planned.id, REPORT) is not None


def test_steps_that_are_only_the_most_there_can_be_ask_nothing(lab: Lab, planned: Run) -> None:
    lab.store.forecasts.add(
        experiment_id=planned.experiment_id, rung=RungName.FULL, unknown=(f"{EARLY_END}: patience",)
    )
    recorder = Recorder(lab.store, planned)
    go_on(Overrun(lab.store, planned, recorder), recorder, 50.0)
    assert "run.asks" not in lab.kinds(planned)


def extend(lab: Lab, run: Run, ceiling: float, decision: Decision = Decision.APPROVED) -> None:
    lab.store.approvals.add(
        experiment_id=run.experiment_id, rung=run.rung, forecast_id=None, decision=decision, ceiling_seconds=ceiling,
        reason=None, decided_by="terminal", token_hash=None, extends_run_id=run.id,
    )  # fmt: skip


def test_only_an_approval_of_this_very_run_raises_its_ceiling(lab: Lab, planned: Run) -> None:
    overrun = Overrun(lab.store, planned, Recorder(lab.store, planned))
    other = lab.new_run(lab.script("pass", "other.py"))
    extend(lab, other, 500.0)
    extend(lab, planned, 400.0, Decision.DECLINED)
    assert overrun.look(1.0, 80.0) is None
    extend(lab, planned, 60.0)
    assert overrun.look(2.0, 80.0) is None, "it is less than what holds"
    extend(lab, planned, 300.0)
    assert overrun.look(3.0, 80.0) == 300.0
    assert overrun.look(4.0, 300.0) is None


def test_an_extension_starts_nothing(lab: Lab, planned: Run) -> None:
    lab.store.approvals.add(
        experiment_id=planned.experiment_id, rung=RungName.FULL, forecast_id=None, decision=Decision.APPROVED,
        ceiling_seconds=100.0, reason=None, decided_by="terminal", token_hash=sha256(b"secret").hexdigest(),
        extends_run_id=planned.id,
    )  # fmt: skip
    with pytest.raises(NotApproved):
        lab.store.approvals.use(planned.id, "secret")


def test_a_run_under_way_takes_the_raised_ceiling_over(lab: Lab, wait_until: Callable[..., None]) -> None:
    run = lab.start("import signal; signal.pause()", ceiling=6.0)
    extend(lab, run, 100.0)
    wait_until(lambda: lab.store.runs.get(run.id).ceiling_seconds == 100.0, "the raised ceiling")
    assert lab.kinds(run).count("run.ceiling") == 1
    launch.stop(lab.store, run.id)
    ended = lab.wait(run)
    assert (ended.status, ended.reason) == (RunStatus.STOPPED, "stopped on request")
