"""Time, work and forecasts, counted again from what was sampled."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ...store import Store
from ...store.records import Forecast, Interval, Run, RunStatus
from ..forecasting import forecast_of
from .checked import Checked, could_not, differs, matches, told

_GRACE_SECONDS = 2.0
_CPU_FACTOR = 2.0
_CPU_SECONDS = 5.0
_QUANTITIES = (
    ("seconds", "wall_seconds"), ("cpu_seconds", "cpu_seconds"), ("peak_host_bytes", "peak_host_bytes"),
    ("peak_device_bytes", "peak_device_bytes"), ("gpu_seconds", "gpu_seconds"), ("energy_joules", "energy_joules"),
    ("usd", "usd"),
)  # fmt: skip


def check_spent(store: Store, run: Run) -> Iterator[Checked]:
    """Wall time, CPU time, the last loss and the forecast."""
    yield _wall(run)
    yield _cpu(store, run)
    yield _loss(store, run)
    yield from _forecast(forecast_of(store, run), run)


def _wall(run: Run) -> Checked:
    if run.wall_seconds is None or run.started_at is None or run.ended_at is None:
        return could_not("time", "when it began or ended, or how long it took, is not known")
    between = run.ended_at - run.started_at
    compared = "its measured time with its beginning and end on the clock"
    if run.wall_seconds > between + _GRACE_SECONDS:
        return differs("time", compared, f"measured {run.wall_seconds:.1f} s, and {between:.1f} s lie between")
    if between > run.wall_seconds + _GRACE_SECONDS:
        slept = f"measured {run.wall_seconds:.1f} s of {between:.1f} s: the machine slept, or its clock was set"
        return told("time", compared, slept)
    return matches("time", compared)


def _cpu(store: Store, run: Run) -> Checked:
    samples = store.samples.for_run(run.id)
    if run.cpu_seconds is None or len(samples) < 2:
        return could_not("CPU time", "it is not known, or too little was sampled to add up")
    summed = samples[0].cpu_cores * samples[0].elapsed_seconds + sum(
        after.cpu_cores * (after.elapsed_seconds - before.elapsed_seconds) for before, after in pairwise(samples)
    )
    compared = "its CPU time with the sum over its samples"
    low, high = sorted((summed, run.cpu_seconds))
    if high > low * _CPU_FACTOR + _CPU_SECONDS:
        return differs("CPU time", compared, f"recorded {run.cpu_seconds:.1f} s, sampled {summed:.1f} s")
    return matches("CPU time", compared, f"recorded {run.cpu_seconds:.1f} s, sampled {summed:.1f} s")


def _loss(store: Store, run: Run) -> Checked:
    last = store.metrics.last(run.id).get("loss")
    if last is None or run.last_loss is None:
        return could_not("last loss", "no loss was recorded")
    compared = "the last loss on its row with the recorded series"
    if last.value == run.last_loss or (last.value != last.value and run.last_loss != run.last_loss):
        return matches("last loss", compared)
    return differs("last loss", compared, f"the row says {run.last_loss:.6g}, the series ends with {last.value:.6g}")


def _forecast(forecast: Forecast | None, run: Run) -> Iterator[Checked]:
    if forecast is None:
        yield could_not("forecast", "it was not forecast")
        return
    if run.status is not RunStatus.DONE:
        yield could_not("forecast", f"it did not run to its end ({run.status}), so nothing can be compared")
        return
    for name, actual_name in _QUANTITIES:
        interval: Interval | None = getattr(forecast, name)
        actual: float | None = getattr(run, actual_name)
        if interval is None or actual is None:
            continue
        inside = interval.low <= actual <= interval.high
        place = "inside" if inside else "below" if actual < interval.low else "above"
        found = f"{actual:.6g} is {place} {interval.low:.6g} to {interval.high:.6g}"
        yield told(f"forecast of {name}", "the forecast interval with what it took", found)
