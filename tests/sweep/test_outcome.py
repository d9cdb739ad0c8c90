"""What an ended run means for its trial."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path

import pytest
from mlintern.planner.sweep.outcome import of_trial
from mlintern.planner.sweep.state import Look
from mlintern.runtime import outcome
from mlintern.store.records import Run, RungName, RunStatus, Trial, TrialState

TRIAL = Trial(1, 1, 1, TrialState.RUNNING, "proposed", {"lr": 0.1}, None, None, 1, None, None, None, 0.0, None)
KILLED = signal.SIGKILL.value


def run(status: RunStatus, reason: str | None, last_loss: float | None = None) -> Run:
    return Run(
        id=1, experiment_id=1, rung=RungName.SWEEP, status=status, reason=reason, created_at=0.0, started_at=0.0,
        ended_at=1.0, supervisor_pid=None, supervisor_started=None, ceiling_seconds=9.0, exit_code=None, signal=None,
        isolation="overlay", folder=Path("/nowhere"), steps=None, planned_steps=None, last_loss=last_loss,
        wall_seconds=1.0, cpu_seconds=1.0, peak_host_bytes=None, peak_device_bytes=None, energy_joules=None, usd=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ended", "curve", "state"),
    [
        (run(RunStatus.DONE, None), (0.5, 0.6), TrialState.COMPLETE),
        (run(RunStatus.DONE, None), (), TrialState.FAILED),
        (run(RunStatus.DONE, None), (0.5, math.nan), TrialState.INFEASIBLE),
        (run(RunStatus.DONE, None, last_loss=math.nan), (0.5, 0.6), TrialState.INFEASIBLE),
        (run(RunStatus.FAILED, "OutOfMemoryError: CUDA out of memory (t.py:3)"), (), TrialState.INFEASIBLE),
        (run(RunStatus.FAILED, outcome.judge(KILLED, out_of_memory=True).reason), (), TrialState.INFEASIBLE),
        (run(RunStatus.FAILED, outcome.judge(KILLED).reason), (0.5,), TrialState.LOST),
        (run(RunStatus.FAILED, "ValueError: heads (t.py:3)"), (), TrialState.FAILED),
        (run(RunStatus.STOPPED, "stopped on request"), (0.5,), TrialState.PRUNED),
        (run(RunStatus.STOPPED, "ceiling: 5 s of time"), (0.5,), TrialState.PRUNED),
        (run(RunStatus.LOST, "its supervisor is gone"), (0.5,), TrialState.LOST),
    ],
)
def test_every_end_means_something(ended: Run, curve: tuple[float, ...], state: TrialState) -> None:
    assert os.WIFSIGNALED(KILLED)
    told = of_trial(Look(TRIAL, ended, curve), "val accuracy", ("printed/loss",))
    assert told.state is state
    assert (told.value is not None) == (state is TrialState.COMPLETE)
