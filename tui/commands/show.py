"""`mlintern show`: one run with what it was expected to take, what it took, and what was found."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...planner.forecasting import forecast_of
from ...planner.inspections import inspected
from ...planner.overview import energy_source
from ...planner.provenance import Hyperparameter
from ...planner.view import LadderView
from ...runtime.guard import EVENT
from ...store import Store
from ...store.records import Experiment, Forecast, Metric, Run
from .. import diagnosis_words, memory_words, output_json, provenance_words, rank_words, sweep_words
from ..output import SCHEMA, ExitCode, Output
from ..text import clean
from ..units import (
    count,
    duration,
    duration_interval,
    energy,
    energy_interval,
    gpu_hours,
    money,
    money_interval,
    number,
    size,
)
from .opening import home_folder, opened, tell_config


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Tell everything about one run."""
    home = home_folder(options)
    tell_config(home, output)
    with opened(home, create=False) as store:
        run = store.runs.get(options.run)
        experiment = store.experiments.get(run.experiment_id)
        view = _view(store, home, experiment)
        forecast = forecast_of(store, run)
        last = tuple(store.metrics.last(run.id).values()) if output_json.shows_results(run) else ()
        memory = store.events.of_kind(EVENT, run_id=run.id)
        diagnosis = diagnosis_words.in_passing(
            store, run, most_bytes=diagnosis_words.MOST_BYTES_IN_PASSING
        )
        trial = store.sweeps.trial_of_run(run.id)
        more = {
            "trial": None if trial is None else output_json.trial(trial),
            "memory": [dict(event.data) for event in memory],
            "diagnosis": diagnosis,
        }
        used = inspected(store, experiment)
        output.object(_content(store, run, view, forecast, last, used or ()) | more)
        output.lines(_lines(run, view, forecast, last, energy_source(store, run.id)))
        output.lines(provenance_words.lines(used))
        if trial is not None:
            output.lines([f"{sweep_words.trial_line(trial)} (sweep {trial.sweep_id})"])
        output.lines(map(memory_words.line, memory))
        output.lines(rank_words.lines(store.reports.get(run.id, "ranks")))
        if diagnosis is not None:
            output.lines([f"diagnosis: {diagnosis} (more: mlintern diagnose {run.id})"])
    return ExitCode.DONE


def _view(store: Store, home: Path, experiment: Experiment) -> LadderView:
    from ..climb import Climb

    return Climb.of(store, home, experiment).view()


def _content(
    store: Store,
    run: Run,
    view: LadderView,
    forecast: Forecast | None,
    last: tuple[Metric, ...],
    used: tuple[Hyperparameter, ...],
) -> dict[str, Any]:
    approvals = store.approvals.for_experiment(run.experiment_id)
    return {
        "schema": SCHEMA,
        "run": output_json.run(run),
        "energy_source": energy_source(store, run.id),
        "experiment": output_json.experiment(view.experiment),
        "forecast": output_json.forecast(forecast, why_none=f"{run.rung} was not forecast"),
        "approvals": [output_json.approval(one) for one in approvals],
        "findings": [
            output_json.finding(one, view.experiment, view.accepted.get(one.id)) for one in view.findings
        ],
        "metrics": output_json.metrics(last),
        "hyperparameters": [output_json.hyperparameter(one) for one in used],
        "verified": list(view.verified),
        "not_verified": list(view.not_verified),
    }


def _lines(
    run: Run, view: LadderView, forecast: Forecast | None, last: tuple[Metric, ...], meter: str | None
) -> Iterator[str]:
    from ..plain_text import all_finding_lines

    experiment = view.experiment
    yield clean(f"run {run.id}: {experiment.module or experiment.script} {' '.join(experiment.args)}".rstrip())
    yield clean(f"{run.rung}: {run.status}{f', {run.reason}' if run.reason else ''}")
    expected = "" if forecast is None else f", forecast {duration_interval(forecast.seconds)}"
    yield f"time {duration(run.wall_seconds)}{expected}, ceiling {duration(run.ceiling_seconds)}"
    planned = f" of {count(run.planned_steps)}" if run.planned_steps else ""
    loss = f"last loss {number(run.last_loss)}" if output_json.shows_results(run) else "its metrics are no results"
    yield f"steps {count(run.steps)}{planned}, {loss}"
    yield f"memory {size(run.peak_host_bytes)}, GPU memory {size(run.peak_device_bytes)}"
    yield from _spending_lines(run, forecast, meter)
    yield f"isolation {run.isolation or 'unknown'}"
    yield clean(f"python {experiment.python}")
    yield clean(f"log {run.log_path}")
    for metric in last:
        yield clean(f"metric {metric.name}: {number(metric.value)} at step {count(metric.step)}")
    yield from all_finding_lines(view)
    for fact in view.verified:
        yield clean(f"verified: {fact}")
    for fact in view.not_verified:
        yield clean(f"not verified: {fact}")


def _spending_lines(run: Run, forecast: Forecast | None, meter: str | None) -> Iterator[str]:
    """GPU-hours, energy and money, against the forecast; with the prices, and what measured the energy."""
    by = {"counter": " (the GPU's counter)", "power": " (sampled power)"}.get(meter or "", "")
    usd = energy_forecast = ""
    if forecast is not None:
        usd = f", forecast {money_interval(forecast.usd)}"
        energy_forecast = f", forecast {energy_interval(forecast.energy_joules)}"
    prices = [f"{money(run.usd_per_hour)} an hour"] if run.usd_per_hour is not None else []
    prices += [f"{money(run.usd_per_kwh)} a kWh"] if run.usd_per_kwh is not None else []
    yield f"GPUs {gpu_hours(run.gpu_seconds)}, energy {energy(run.energy_joules)}{by}{energy_forecast}"
    yield f"money {money(run.usd)}{usd}, price {' and '.join(prices) or 'not set'}"
