"""Forecasts beside what then happened."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from mlintern.store import Store
from mlintern.store.records import Decision, Experiment, Forecast, Interval, Run, RungName, RunStatus


def add_run(store: Store, experiment: Experiment, home: Path, rung: RungName, **changes: object) -> Run:
    run = store.runs.add(experiment_id=experiment.id, rung=rung, ceiling_seconds=None, folder_root=home)
    return store.runs.update(run.id, status=RunStatus.DONE, wall_seconds=10.0, **changes)  # type: ignore[arg-type]


def add_forecast(store: Store, experiment: Experiment, source: Run, mid: float) -> Forecast:
    return store.forecasts.add(
        experiment_id=experiment.id, rung=RungName.FULL, source_run_id=source.id, seconds=Interval(0.0, mid, 2 * mid)
    )


def test_each_source_is_heard_once_with_its_last_word(store: Store, experiment: Experiment, home: Path) -> None:
    rehearsal = add_run(store, experiment, home, RungName.REHEARSAL)
    add_forecast(store, experiment, rehearsal, 1.0)
    add_forecast(store, experiment, rehearsal, 2.0)
    pilot = add_run(store, experiment, home, RungName.PILOT)
    shown = add_forecast(store, experiment, pilot, 3.0)
    full = add_run(store, experiment, home, RungName.FULL)
    store.approvals.add(
        experiment_id=experiment.id, rung=RungName.FULL, forecast_id=shown.id, decision=Decision.APPROVED,
        ceiling_seconds=60.0, reason=None, decided_by="flag", token_hash=sha256(b"secret").hexdigest(),
    )  # fmt: skip
    store.approvals.use(full.id, "secret")
    add_forecast(store, experiment, pilot, 4.0)  # made after the run: it foretold nothing
    found = {outcome.source_rung: outcome for outcome in store.forecasts.outcomes()}
    assert len(store.forecasts.outcomes()) == 2
    seconds = {rung: outcome.forecast.seconds.mid for rung, outcome in found.items() if outcome.forecast.seconds}
    assert seconds == {RungName.REHEARSAL: 2.0, RungName.PILOT: 3.0}
    assert {rung: outcome.was_shown for rung, outcome in found.items()} == {
        RungName.REHEARSAL: False,
        RungName.PILOT: True,
    }
    assert found[RungName.PILOT].run == store.runs.get(full.id)
    assert found[RungName.PILOT].script == experiment.script


def test_what_did_not_finish_is_no_outcome(store: Store, experiment: Experiment, home: Path) -> None:
    rehearsal = add_run(store, experiment, home, RungName.REHEARSAL)
    add_forecast(store, experiment, rehearsal, 1.0)
    stopped = store.runs.add(
        experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=None, folder_root=home
    )
    store.runs.update(stopped.id, status=RunStatus.STOPPED, wall_seconds=5.0)
    assert store.forecasts.outcomes() == ()
