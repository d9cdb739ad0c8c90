"""The Sweep screen: trials with their curves, the best with its noise, and what may be said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import textual
from harness import TARGET, ours, running, shown, stands, until
from mlintern.store import Store
from mlintern.store.records import Decision, Interval, Metric, RungName, RunStatus, Sweep, SweepStatus, TrialState
from mlintern.tui.app import application
from mlintern.tui.screens.run import RunScreen
from mlintern.tui.screens.sweep import SweepScreen
from mlintern.tui.widgets.trial_table import sparkline
from synthetic import NOW, FakeBackend, add_run
from textual.pilot import Pilot

MADE_WITH = "8.2.8"

SUMMARY: dict[str, Any] = {
    "counts": {"complete": 3}, "looked_at": 4, "shortening": "stopped early by their curve",
    "best": {"number": 3, "run": 6, "parameters": {"lr": 0.00693, "batch_size": 16}, "value": 0.7533,
             "fresh": {"low": 0.74, "mid": 0.751, "high": 0.762}, "seeds": [101, 102, 103]},
    "baseline": {"number": 1, "run": 4, "parameters": {"lr": 0.001, "batch_size": 32}, "value": 0.665,
                 "fresh": {"low": 0.61, "mid": 0.63, "high": 0.65}, "seeds": [101, 102, 103]},
    "noise": {"deviation": 0.0149, "freedom": 4}, "luck": 0.015,
    "comparison": {"verdict": "better", "gain": {"low": 0.09, "mid": 0.121, "high": 0.152}, "chance": 0.002,
                   "seeds": 3, "why": "beyond the noise of seeds"},
    "seeds_for_claim": None, "importance": {"lr": 0.81, "batch_size": 0.19},
    "advice": {"stop": True, "words": "the last 4 configurations found nothing better: more is not worth it"},
    "spent_seconds": 54.0, "left_seconds": 6.0, "open": [],
}  # fmt: skip


def add_sweep(home: Path) -> Sweep:
    """A sweep under way, with trials of every kind."""
    with patch("time.time", return_value=NOW - 60), Store.open(home) as store:
        experiment = store.experiments.recent()[-1]
        approval = store.approvals.add(
            experiment_id=experiment.id, rung=RungName.SWEEP, forecast_id=None, decision=Decision.APPROVED,
            ceiling_seconds=60.0, reason=None, decided_by="tui", token_hash=None,
        )  # fmt: skip
        sweep = store.sweeps.add(
            experiment_id=experiment.id, approval_id=approval.id, space=[], metric="val accuracy", maximise=True,
            insisted=False, seeds=3, workers=1, ceiling_seconds=60.0, trial_seconds=Interval(3, 4, 5),
            setup_seconds=1.0, length=None, seed_flag="--seed",
        )  # fmt: skip
        cases = (
            (0.001, 32, TrialState.COMPLETE, 0.665, 9), (0.0002, 32, TrialState.PRUNED, None, 2),
            (0.00693, 16, TrialState.COMPLETE, 0.7533, 9), (3.0, 16, TrialState.INFEASIBLE, None, 3),
            (0.004, 64, TrialState.RUNNING, None, 4),
        )  # fmt: skip
        for lr, batch, state, value, reports in cases:
            status = RunStatus.RUNNING if state is TrialState.RUNNING else RunStatus.DONE
            run = add_run(store, experiment, RungName.SWEEP, status, wall_seconds=3.5)
            last = value or 0.3
            store.metrics.add(
                run.id, [Metric("printed/val accuracy", n, last * n / reports) for n in range(1, reports + 1)]
            )
            trial = store.sweeps.add_trial(
                sweep_id=sweep.id, origin="proposed", parameters={"lr": lr, "batch_size": batch}, length=None,
                seed=None, run_id=run.id,
            )  # fmt: skip
            if state is not TrialState.RUNNING:
                store.sweeps.end_trial(trial.id, state, value=value, cost_seconds=3.5, why=None)
        return store.sweeps.update(sweep.id, summary=SUMMARY)


async def opened(pilot: Pilot[Any]) -> SweepScreen:
    app = ours(pilot)
    await until(lambda: app.climber.view is not None and app.screen.is_ready)  # type: ignore[attr-defined]
    app.push_screen(SweepScreen(1))
    await until(lambda: isinstance(app.screen, SweepScreen) and app.screen.snapshot is not None)
    await pilot.pause()
    assert isinstance(app.screen, SweepScreen)
    return app.screen


async def test_it_tells_trials_noise_importance_and_advice(backend: FakeBackend) -> None:
    add_sweep(backend.home)
    async with running(backend, TARGET) as pilot:
        await opened(pilot)
        text = shown(pilot.app)
        for words in ("spent 14 s of 1m", "trials 5 · 1 under way", "best so far", "stopped early", "infeasible",
                      "with fresh seeds 0.751 [0.74–0.762]", "is better: +0.121", "importance: lr 81%"):  # fmt: skip
            assert words in text, text


async def test_s_orders_them_and_enter_opens_the_run(backend: FakeBackend) -> None:
    add_sweep(backend.home)
    async with running(backend, TARGET) as pilot:
        screen = await opened(pilot)
        assert [row.trial.number for row in screen.table.rows] == [1, 2, 3, 4, 5]
        await pilot.press("s")
        await until(lambda: [row.trial.number for row in screen.table.rows] == [3, 1, 2, 4, 5])
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, RunScreen))


async def test_it_follows_what_is_written(backend: FakeBackend) -> None:
    sweep = add_sweep(backend.home)
    async with running(backend, TARGET) as pilot:
        await opened(pilot)
        with Store.open(backend.home) as store:
            store.sweeps.update(sweep.id, status=SweepStatus.DONE, why="what is left covers no further trial")
        await ours(pilot).pulse()
        await until(lambda: stands(pilot.app, "covers no further trial"))


async def test_a_sweep_that_is_not_over_goes_on_when_somebody_looks(backend: FakeBackend) -> None:
    sweep = add_sweep(backend.home)
    async with running(backend, TARGET) as pilot:
        await opened(pilot)
        await until(lambda: sweep.id in backend.went_on)


async def test_without_a_sweep_it_says_how_to_begin_one(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        await opened(pilot)
        assert "no sweep yet" in shown(pilot.app) and "mlintern sweep train.py" in shown(pilot.app)


def test_curves_share_a_scale_and_what_is_no_number_is_marked() -> None:
    assert sparkline([0.0, 0.5, 1.0], 12, 0.0, 1.0) == "▁▅█"
    assert sparkline(range(100), 4, 0, 99) == "▂▄▆█"
    assert sparkline([0.5, float("nan")], 12, 0.0, 1.0) == "▅×"
    assert sparkline([], 12, 0.0, 1.0) == ""


@pytest.mark.skipif(textual.__version__ != MADE_WITH, reason=f"the pictures were made with Textual {MADE_WITH}")
@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["small", "roomy"])
def test_the_picture(snap_compare: Callable[..., bool], backend: FakeBackend, size: tuple[int, int]) -> None:
    add_sweep(backend.home)

    async def prepare(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await until(lambda: stands(pilot.app, "importance"))
        await pilot.pause()

    app = application(backend, TARGET, clock=lambda: NOW)
    app.animation_level = "none"
    assert snap_compare(app, terminal_size=size, run_before=prepare)
    app.close_desks()
