"""Builders of records for tests of decisions; real records, invented numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlintern.store.records import Forecast, Interval, Run, RungName, RunStatus

MakeRun = Callable[..., Run]
MakeForecast = Callable[..., Forecast]


@pytest.fixture
def make_run() -> MakeRun:
    """``make_run(rung=…, status=…, …)``: a run that is done unless told otherwise."""

    def make(**changes: object) -> Run:
        run = Run(
            id=1, experiment_id=1, rung=RungName.REHEARSAL, status=RunStatus.DONE, reason=None, created_at=0.0,
            started_at=0.0, ended_at=10.0, supervisor_pid=None, supervisor_started=None, ceiling_seconds=60.0,
            exit_code=0, signal=None, isolation="overlay", folder=Path("/nowhere"), steps=10, planned_steps=None,
            last_loss=None, wall_seconds=10.0, cpu_seconds=12.0, peak_host_bytes=1000, peak_device_bytes=None,
            energy_joules=None, usd=None,
        )  # fmt: skip
        return replace(run, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_forecast() -> MakeForecast:
    """``make_forecast(seconds=…)``: a forecast of the full run."""

    usual = Interval(80.0, 100.0, 120.0)

    def make(seconds: Interval | None = usual, rung: RungName = RungName.FULL) -> Forecast:
        return Forecast(
            id=1, experiment_id=1, rung=rung, source_run_id=1, created_at=0.0, seconds=seconds, cpu_seconds=seconds,
            steps=1000, steps_exact=True, peak_host_bytes=None, peak_device_bytes=None, energy_joules=None, usd=None,
        )  # fmt: skip

    return make
