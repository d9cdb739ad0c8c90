"""An experiment's forecasts: made from what its short runs reported, and kept in the store.

Invariant: a forecast is never changed; a newer one of the same rung stands in its place, and each names its run.
"""

from __future__ import annotations

from dataclasses import fields, replace

from ..runtime import gpu_use
from ..runtime.guard import REPORT as MEMORY_REPORT
from ..runtime.overrun import REPORT
from ..runtime.protocol import OBSERVED, PROBE_REPORTS
from ..store import Store
from ..store.records import Experiment, Forecast, Interval, Json, Run, RungName, RungStatus
from .calibration import Calibration
from .forecast import CostForecast, Measured, forecast_full, forecast_pilot, measure
from .looptree import LoopTreeError, parse
from .merge import with_times_of
from .prices import Price
from .rank_work import loops_of
from .rungs import FACTS
from .spending import repriced, spending

_OPEN = (RungStatus.PLANNED, RungStatus.WAITING, RungStatus.STOPPED)
"""Rungs whose cost is still to be decided on."""
_KEPT = tuple(field.name for field in fields(Forecast) if field.name not in ("id", "created_at"))
"""What a forecast at another price has from the one before."""


def reports_of(store: Store, run_id: int) -> dict[str, Json]:
    """The reports that there are of a run, by kind."""
    observed = (kind for kind in store.reports.kinds(run_id) if kind.startswith(OBSERVED))
    found = {kind: store.reports.get(run_id, kind) for kind in (*PROBE_REPORTS, MEMORY_REPORT, *observed)}
    return {kind: report for kind, report in found.items() if report is not None}


def make_forecasts(store: Store, experiment: Experiment, run: Run, *, ended_at: str | None, price: Price) -> None:
    """Forecast the full run, and after a passed rehearsal the pilot; nothing where the run reported no loops.

    ``ended_at`` says where or how the run broke off.
    """
    measured = _measure(store, experiment, run)
    if measured is None:
        return
    calibration = Calibration(store.forecasts.outcomes())
    run = _with_peaks_of_all(store, experiment, run)
    _add(store, experiment, forecast_full(measured, run, calibration, ended_at=ended_at), run, price)
    has_passed = store.rungs.all(experiment.id)[run.rung].status is RungStatus.PASSED
    if run.rung is RungName.REHEARSAL and has_passed:
        _add(store, experiment, forecast_pilot(measured, run, calibration), run, price)


def _with_peaks_of_all(store: Store, experiment: Experiment, run: Run) -> Run:
    """The run with the highest peaks of the short runs before it: a pilot may not meet what a rehearsal met."""
    seen = [run, *(other for other in measured_runs(store, experiment) if other.id < run.id)]
    host = [one.peak_host_bytes for one in seen if one.peak_host_bytes is not None]
    device = [one.peak_device_bytes for one in seen if one.peak_device_bytes is not None]
    return replace(run, peak_host_bytes=max(host, default=None), peak_device_bytes=max(device, default=None))


def reforecast(store: Store, run: Run) -> Interval | None:
    """Seconds that a run will take in all, as its own progress tells; ``None`` while it is too early."""
    told = store.reports.get(run.id, REPORT)
    return None if told is None else Interval(told["low"], told["mid"], told["high"])


def reprice(store: Store, experiment: Experiment, price: Price) -> bool:
    """Put the price as it is now into the forecasts that wait for a decision; whether any changed."""
    if not _at_another_price(store, experiment, price):
        return False  # by far the most looks: nothing is written, and nobody waits
    with store.transaction():
        for forecast in _at_another_price(store, experiment, price):
            store.forecasts.add(**{name: getattr(forecast, name) for name in _KEPT})
    return True


def _at_another_price(store: Store, experiment: Experiment, price: Price) -> list[Forecast]:
    """The forecasts that wait for a decision and were made at another price, at the price as it is now."""
    found = []
    for name, rung in store.rungs.all(experiment.id).items():
        if FACTS[name].costs and rung.status in _OPEN:
            latest = store.forecasts.latest(experiment.id, name)
            if latest is not None and (now := repriced(latest, price)) is not latest:
                found.append(now)
    return found


def measured_runs(store: Store, experiment: Experiment) -> tuple[Run, ...]:
    """The ended short runs that forecasts are made from, in the order of their rungs."""
    rungs = store.rungs.all(experiment.id)
    over = (RungStatus.PASSED, RungStatus.FAILED)
    ids = [rungs[name].run_id for name in (RungName.REHEARSAL, RungName.PILOT) if rungs[name].status in over]
    return tuple(store.runs.get(run_id) for run_id in ids if run_id is not None)


def setup_seconds(store: Store, experiment: Experiment, run: Run) -> float:
    """Wall time of a short run outside of its loops, which a run of any length takes; 0 where it was not measured."""
    measured = _measure(store, experiment, run)
    return 0.0 if measured is None else measured.setup.wall


def _measure(store: Store, experiment: Experiment, run: Run) -> Measured | None:
    """What the run's loop tree says, with the shape or the times of the look before it, where better."""
    loops = loops_of(store, run.id)
    if loops is None:
        return None
    before = _look_before(store, experiment, run)
    try:
        if before is None:
            return measure(loops, run, declared_steps=experiment.declared_steps)
        shape, times = (before, loops) if run.rung is RungName.PILOT else (loops, before)
        merged = with_times_of(parse(shape["tree"]), parse(times["tree"]))
        return measure(loops, run, declared_steps=experiment.declared_steps, tree=merged)
    except LoopTreeError:
        return None


def _look_before(store: Store, experiment: Experiment, run: Run) -> Json | None:
    """The loops of the rehearsal before a pilot, or of the first of two rehearsals."""
    if run.rung is RungName.PILOT:
        rehearsal = store.rungs.all(experiment.id)[RungName.REHEARSAL].run_id
        return loops_of(store, rehearsal) if rehearsal is not None else None
    first = store.reports.get(run.id, "first_look")
    return loops_of(store, int(first["run_id"])) if first is not None else None


def _add(store: Store, experiment: Experiment, forecast: CostForecast, run: Run, price: Price) -> None:
    cost = spending(forecast.seconds, run, store.reports.get(run.id, gpu_use.REPORT), price)
    store.forecasts.add(
        experiment_id=experiment.id,
        rung=forecast.rung,
        source_run_id=run.id,
        seconds=forecast.seconds,
        cpu_seconds=forecast.cpu_seconds,
        steps=forecast.steps,
        steps_exact=forecast.steps_exact,
        peak_host_bytes=forecast.peak_host_bytes,
        peak_device_bytes=forecast.peak_device_bytes,
        energy_joules=cost.energy_joules,
        usd=cost.usd,
        gpu_seconds=cost.gpu_seconds,
        unknown=(*forecast.unknown, *cost.unknown),
        basis=forecast.basis,
    )


def forecast_of(store: Store, run: Run) -> Forecast | None:
    """The forecast that a run was approved with, or else the latest of its rung that was made before it.

    A sweep's is of no single trial, and a confirmation's of no single run.
    """
    if run.rung in (RungName.SWEEP, RungName.CONFIRM):
        return None
    for approval in store.approvals.for_experiment(run.experiment_id):
        if approval.used_by_run_id == run.id and approval.forecast_id is not None:
            return store.forecasts.get(approval.forecast_id)
    made = [one for one in store.forecasts.for_experiment(run.experiment_id) if one.rung is run.rung]
    before = [one for one in made if one.created_at <= run.created_at]
    return before[-1] if before else None
