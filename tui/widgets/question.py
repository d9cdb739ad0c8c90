"""What an approval asks, in words: pure functions from the ladder's ``Ask`` to lines of text.

Invariant: every cost stands there with its unit and its bounds; one that is not known says so and why.
"""

from __future__ import annotations

import math

from ...planner.moves import Ask
from ...planner.view import LadderView
from ...store.records import Forecast, RungName
from ..text import clean
from ..units import count, duration, duration_interval, energy, money, size_interval

ASKED_OF = {
    RungName.PILOT: "runs {steps} on the real data, then stops",
    RungName.FULL: "the real run: {steps}, start to end",
    RungName.SWEEP: "searches hyperparameters over {steps}",
    RungName.CONFIRM: "repeats the run with other seeds: {steps}",
}


def default_ceiling(forecast: Forecast) -> float | None:
    """Where a plain approval stops the run: the forecast's upper bound in whole seconds; none without a forecast."""
    if forecast.seconds is None or not math.isfinite(forecast.seconds.high):
        return None
    return float(max(1, math.ceil(forecast.seconds.high)))


def title(ask: Ask) -> str:
    """The question itself."""
    return f"Climb to {ask.rung}?"


def what_runs(ask: Ask, view: LadderView) -> str:
    """What an approval would set going."""
    full = next((rung.forecast for rung in view.rungs if rung.name is RungName.FULL and rung.forecast), None)
    total = full.steps if full else view.experiment.declared_steps
    steps = ask.forecast.steps
    if steps is None:
        known = "an unknown number of steps"
    elif ask.rung is not RungName.FULL and total is not None and total > steps:
        known = f"{count(steps)} of {count(total)} steps"
    else:
        known = f"{'' if ask.forecast.steps_exact else 'about '}{count(steps)} steps"
    return ASKED_OF.get(ask.rung, "runs {steps}").format(steps=known)


def costs(forecast: Forecast) -> list[str]:
    """Each cost with its bounds; the ones that are unknown follow with their reasons."""
    known = [f"time {duration_interval(forecast.seconds)}", f"memory {size_interval(forecast.peak_host_bytes)}"]
    if forecast.peak_device_bytes is not None:
        known.append(f"GPU memory {size_interval(forecast.peak_device_bytes)}")
    if forecast.energy_joules is not None:
        known.append(f"energy {energy(forecast.energy_joules.mid)}")
    if forecast.usd is not None:
        known.append(f"money {money(forecast.usd.mid)} [{money(forecast.usd.low)}–{money(forecast.usd.high)}]")
    return known


UNKNOWN_NAMES = {
    "seconds": "time", "cpu_seconds": "CPU time", "steps": "steps", "peak_host_bytes": "memory",
    "peak_device_bytes": "GPU memory", "energy_joules": "energy", "usd": "money",
}  # fmt: skip


def unknowns(forecast: Forecast) -> list[str]:
    """What the forecast cannot tell, each with its reason."""
    lines = []
    for entry in forecast.unknown:
        field, _, reason = entry.partition(":")
        lines.append(
            f"{UNKNOWN_NAMES.get(field.strip(), clean(field.strip()))}: {clean(reason.strip()) or 'no reason given'}"
        )
    return lines


def budget_words(view: LadderView) -> str:
    """Budget, spent and reserved, in a few words."""
    budget = f"budget {duration(view.budget_seconds)}" if view.budget_seconds is not None else "no budget set"
    reserved = f" · reserved {duration(view.reserved_seconds)}" if view.reserved_seconds else ""
    return f"{budget} · spent {duration(view.spent_seconds)}{reserved}"


def forecast_facts(forecast: Forecast) -> list[tuple[str, str]]:
    """Where a forecast comes from, as names and values."""
    steps = "unknown" if forecast.steps is None else f"{count(forecast.steps)} ({_exactness(forecast)})"
    source = "none" if forecast.source_run_id is None else f"run {forecast.source_run_id}"
    return [
        ("rung", str(forecast.rung)),
        ("made from", source),
        ("steps", steps),
        ("time", duration_interval(forecast.seconds)),
        ("CPU time", duration_interval(forecast.cpu_seconds)),
        ("memory", size_interval(forecast.peak_host_bytes)),
        ("GPU memory", size_interval(forecast.peak_device_bytes)),
        ("energy", energy(forecast.energy_joules.mid) if forecast.energy_joules else "unknown"),
        ("money", money(forecast.usd.mid) if forecast.usd else "unknown"),
        *[("not known", line) for line in unknowns(forecast)],
    ]


def _exactness(forecast: Forecast) -> str:
    return "exact" if forecast.steps_exact else "estimated"


def short_ceiling_warning(forecast: Forecast, ceiling: float) -> str | None:
    """A word of caution where a ceiling is likely to cut the run short."""
    if forecast.seconds is None or ceiling >= forecast.seconds.mid:
        return None
    return f"shorter than the forecast of {duration(forecast.seconds.mid)}: the run would be stopped before its end"
