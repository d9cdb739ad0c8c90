"""Everything the Run screen shows, read from the store in one go, in the reader's thread."""

from __future__ import annotations

from dataclasses import dataclass

from ...planner.forecasting import reforecast
from ...runtime.budgets import Account, accounts
from ...runtime.guard import EVENT
from ...store import Store
from ...store.records import Experiment, Finding, Forecast, Interval, Metric, Run, RungName, Sample
from .. import diagnosis_words
from ..memory_words import standing

MOST_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the screen looks at."""

    run_id: int
    metric: str | None = None
    """``None``: the one that tells most, see :func:`telling`."""
    window: tuple[int, int] | None = None
    """Steps to read closely, where the chart is zoomed in."""
    with_baseline: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One run at one moment."""

    run: Run
    experiment: Experiment
    metrics: tuple[str, ...]
    metric: str | None
    values: tuple[Metric, ...]
    detail: tuple[Metric, ...]
    baseline: Run | None
    baseline_values: tuple[Metric, ...]
    sample: Sample | None
    findings: tuple[Finding, ...]
    forecast: Forecast | None
    reforecast: Interval | None
    """What the run will take in all, in seconds, as its own progress tells."""
    budgets: tuple[Account, ...]
    memory: tuple[str, ...] = ()
    """What the guard said of its memory and still stands."""
    diagnosis: str | None = None
    """What went wrong, where it did not come to its end."""


def take(store: Store, wanted: Wanted) -> Snapshot:
    """Read it all; raises the store's ``NotFound`` where there is no such run."""
    run = store.runs.get(wanted.run_id)
    names = store.metrics.names(run.id)
    metric = wanted.metric if wanted.metric in names else telling(names)
    values: tuple[Metric, ...] = ()
    detail: tuple[Metric, ...] = ()
    baseline_values: tuple[Metric, ...] = ()
    baseline: Run | None = None
    if metric is not None:
        values = store.metrics.series(run.id, metric, max_points=MOST_POINTS)
        if wanted.window is not None and len(values) >= MOST_POINTS // 2:
            first, last = wanted.window
            detail = store.metrics.series(run.id, metric, max_points=MOST_POINTS, first_step=first, last_step=last)
        if wanted.with_baseline and (baseline := earlier(store, run)) is not None:
            baseline_values = store.metrics.series(baseline.id, metric, max_points=MOST_POINTS)
    found = store.findings.for_experiment(run.experiment_id)
    experiment = store.experiments.get(run.experiment_id)
    return Snapshot(
        run=run,
        experiment=experiment,
        metrics=names,
        metric=metric,
        values=values,
        detail=detail,
        baseline=baseline,
        baseline_values=baseline_values,
        sample=store.samples.latest(run.id),
        findings=tuple(finding for finding in found if finding.run_id == run.id),
        # A sweep's forecast is of all its trials together, and a confirmation's of all its runs.
        forecast=None if run.rung in (RungName.SWEEP, RungName.CONFIRM)
        else store.forecasts.latest(run.experiment_id, run.rung),
        reforecast=reforecast(store, run),
        budgets=tuple(accounts(experiment, store.runs.for_experiment(experiment.id)).values()),
        memory=standing(store.events.of_kind(EVENT, run_id=run.id)),
        diagnosis=diagnosis_words.in_passing(store, run, most_bytes=diagnosis_words.MOST_BYTES_ON_SCREEN),
    )


def telling(names: tuple[str, ...]) -> str | None:
    """The metric to show first: a loss, the plainest name of all."""
    losses = [name for name in names if "loss" in name.lower()]
    return min(losses or names, key=lambda name: len(name) if losses else 0, default=None)


def earlier(store: Store, run: Run) -> Run | None:
    """The run to compare with: the one of the same rung before this one, or else the experiment's pilot."""
    runs = [other for other in store.runs.for_experiment(run.experiment_id) if other.id < run.id]
    same = [other for other in runs if other.rung is run.rung]
    pilots = [other for other in runs if other.rung is RungName.PILOT]
    return next(iter([*reversed(same), *reversed(pilots)]), None)
