"""What the Run screen says about a run's progress and use: pure, from its records."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ...runtime.budgets import Account
from ...store.records import Experiment, Forecast, Interval, Run, Sample
from ..units import count, duration, duration_interval
from ..widgets.meters import Meter, machine_meters, run_meters
from ..widgets.spending_meters import spending_meters


def progress(run: Run, elapsed: float | None, total: Interval | None = None) -> str:
    """Steps, time so far, and how it ended or what is left."""
    steps = f"step {count(run.steps)}" if run.steps is not None else ""
    if steps and run.planned_steps:
        steps += f"/{count(run.planned_steps)}"
    parts = [steps, duration(elapsed) if elapsed is not None else ""]
    if run.status.is_over:
        parts.append(f"{run.status}{f': {run.reason}' if run.reason else ''}")
    elif total is not None and elapsed is not None:
        left = Interval(*(max(0.0, bound - elapsed) for bound in (total.low, total.mid, total.high)))
        parts.append(f"{duration_interval(left)} left")
    elif run.steps and run.planned_steps and elapsed:
        parts.append(f"{duration(elapsed * (run.planned_steps - run.steps) / run.steps)} left")
    else:
        parts.append("time left unknown")
    return "   ".join(part for part in parts if part)


def all_meters(
    run: Run,
    experiment: Experiment,
    forecast: Forecast | None,
    sample: Sample | None,
    budgets: Iterable[Account],
    *,
    elapsed: float | None,
) -> list[Meter]:
    """Throughput, ceiling, money, energy, and what the machine gives."""
    rate = forecast.steps / forecast.seconds.mid if forecast and forecast.steps and forecast.seconds else None
    return [
        *run_meters(run, elapsed=elapsed, forecast_rate=rate),
        *spending_meters(run, budgets, elapsed=elapsed),
        *machine_meters(sample, own_cores(), experiment),
    ]


def own_cores() -> int:
    """The cores that this machine lets us use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
