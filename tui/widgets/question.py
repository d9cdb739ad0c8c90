"""What an approval asks, in words: pure functions from the ladder's ``Ask`` to lines of text.

Invariant: every cost stands there with its unit and its bounds; one that is not known says so and why.
"""

from __future__ import annotations

import math

from ...planner.budget import unknown_units
from ...planner.fit import Fit, fit_device, fit_host
from ...planner.moves import Ask
from ...planner.view import LadderView
from ...runtime.budgets import WORDS, Unit
from ...runtime.room import Room
from ...store.records import EARLY_END, Experiment, Forecast, RungName
from ..budgets import SHOW
from ..text import clean, fit
from ..units import (
    count,
    duration,
    duration_interval,
    energy_interval,
    gpu_hours_interval,
    money_interval,
    size,
    size_interval,
)
from .choice import QuestionLine

ASKED_OF = {
    RungName.PILOT: "runs {steps} on the real data",
    RungName.FULL: "the real run, {steps}",
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
        known = f"{about(ask.forecast)}{count(steps)} steps"
    return ASKED_OF.get(ask.rung, "runs {steps}").format(steps=known)


def about(forecast: Forecast) -> str:
    """What stands before a number of steps."""
    if forecast.may_end_early:
        return "at most "
    return "" if forecast.steps_exact else "about "


def lines(ask: Ask, view: LadderView) -> list[QuestionLine]:
    """The question's body."""
    forecast = ask.forecast
    ceiling = default_ceiling(forecast)
    stops = "unknown cost: approve it with a ceiling"
    if ceiling is not None:
        stops = f"stopped at {' or '.join([duration(ceiling), *limit_words(view.experiment), *budget_limits(view)])}"
    body = [
        QuestionLine(f"{what_runs(ask, view)}; {stops}"),
        QuestionLine(" · ".join(costs(forecast, view.room)), "strong"),
    ]
    if unknown := short_unknowns(forecast):
        body.append(QuestionLine(f"unknown: {', '.join(unknown)}"))
    doubts = (*room_warnings(forecast, view.room), *budget_warnings(ask, view))
    body += [QuestionLine(words, "warn") for words in doubts]
    if ask.verifies:
        body.append(QuestionLine(f"will verify: {', '.join(ask.verifies)}", is_short=True))
    if ask.why and ask.why not in PLAIN_REASONS:
        body.append(QuestionLine(f"asks because {ask.why}", "warn"))
    return body


def limit_words(experiment: Experiment) -> list[str]:
    """What a run may use besides time, where the person set a limit."""
    limits = (
        (experiment.host_limit_bytes, "of memory"),
        (experiment.disk_limit_bytes, "written to disk"),
        (experiment.device_limit_bytes, "of GPU memory"),
    )
    return [f"{size(limit)} {what}" for limit, what in limits if limit is not None]


def budget_limits(view: LadderView) -> list[str]:
    """Where budgets other than in time would end a run: at what is left of each."""
    return [
        SHOW[account.unit](account.left)
        for account in view.budgets
        if account.budget is not None and account.unit is not Unit.SECONDS
    ]


def budget_warnings(ask: Ask, view: LadderView) -> list[str]:
    """The budgets that nobody can be sure to keep."""
    standing = {account.unit: account for account in view.budgets}
    return [
        f"the budget in {WORDS[unit]} may not hold: {why}"
        for unit, why in unknown_units(ask.forecast, standing).items()
    ]


PLAIN_REASONS = ("it costs", "its cost is unknown")
"""Reasons that the lines of cost already tell."""


def room_warnings(forecast: Forecast, room: Room | None) -> list[str]:
    """What may not fit into the free memory, and what does not."""
    if room is None:
        return []
    fits = (
        ("memory", fit_host(forecast.peak_host_bytes, room)),
        ("GPU memory", fit_device(forecast.peak_device_bytes, room)),
    )
    return [f"{what}: {answer}" for what, answer in fits if answer not in (None, Fit.FITS)]


def costs(forecast: Forecast, room: Room | None = None) -> list[str]:
    """Each cost with its bounds, as far as it is known, and what is free of what it needs; time and memory say for
    themselves when they are not known.
    """
    free = "" if room is None else f" of {size(room.host_bytes)} free"
    known = [f"time {duration_interval(forecast.seconds)}", f"memory {size_interval(forecast.peak_host_bytes)}{free}"]
    if forecast.peak_device_bytes is not None:
        device_free = f" of {size(max(room.device_bytes))} free" if room is not None and room.device_bytes else ""
        known.append(f"GPU memory {size_interval(forecast.peak_device_bytes)}{device_free}")
    if forecast.gpu_seconds is not None and forecast.gpu_seconds.high > 0:
        known.append(gpu_hours_interval(forecast.gpu_seconds))
    if forecast.energy_joules is not None:
        known.append(f"energy {energy_interval(forecast.energy_joules)}")
    if forecast.usd is not None:
        known.append(f"money {money_interval(forecast.usd)}")
    return known


UNKNOWN_NAMES = {
    "seconds": "time", "cpu_seconds": "CPU time", "steps": "steps", "peak_host_bytes": "memory",
    "peak_device_bytes": "GPU memory", "gpu_seconds": "GPU-hours", "energy_joules": "energy", "usd": "money",
    EARLY_END: "an early end", "end": "the end",
}  # fmt: skip


def unknown_names(forecast: Forecast) -> list[str]:
    """What the forecast cannot tell, by name."""
    fields = [entry.partition(":")[0].strip() for entry in forecast.unknown]
    return [UNKNOWN_NAMES.get(field, clean(field)) for field in fields]


def unknowns(forecast: Forecast) -> list[str]:
    """What the forecast cannot tell, each with its reason."""
    reasons = [clean(entry.partition(":")[2].strip()) or "no reason given" for entry in forecast.unknown]
    return [f"{name}: {reason}" for name, reason in zip(unknown_names(forecast), reasons, strict=True)]


SHORT_REASON = 60
"""Cells of a reason in the question, where the decision is what must be in view."""


def short_unknowns(forecast: Forecast) -> list[str]:
    """What the forecast cannot tell, each with the beginning of its reason; the whole is in the evidence."""
    pairs = [line.partition(": ")[::2] for line in unknowns(forecast)]
    short = {name: reason.partition(";")[0] for name, reason in pairs if name != UNKNOWN_NAMES["cpu_seconds"]}
    return [f"{name} ({fit(reason, SHORT_REASON).rstrip()})" for name, reason in short.items()]


def forecast_facts(forecast: Forecast) -> list[tuple[str, str]]:
    """Where a forecast comes from, as names and values."""
    steps = "unknown" if forecast.steps is None else f"{count(forecast.steps)} ({_exactness(forecast)})"
    source = "none" if forecast.source_run_id is None else f"run {forecast.source_run_id}"
    return [
        ("rung", str(forecast.rung)),
        ("made from", source),
        ("steps", steps),
        ("time", duration_interval(forecast.seconds)),
        *([("interval", forecast.basis)] if forecast.basis else []),
        ("CPU time", duration_interval(forecast.cpu_seconds)),
        ("memory", size_interval(forecast.peak_host_bytes)),
        ("GPU memory", size_interval(forecast.peak_device_bytes)),
        ("GPU-hours", gpu_hours_interval(forecast.gpu_seconds)),
        ("energy", energy_interval(forecast.energy_joules)),
        ("money", money_interval(forecast.usd)),
        *[("not known", line) for line in unknowns(forecast)],
    ]


def verified_facts(ask: Ask) -> list[tuple[str, str]]:
    """What climbing would verify, one line each."""
    return [("will verify" if index == 0 else "", words) for index, words in enumerate(ask.verifies)]


def _exactness(forecast: Forecast) -> str:
    if forecast.may_end_early:
        return "at most"
    return "exact" if forecast.steps_exact else "estimated"


def short_ceiling_warning(forecast: Forecast, ceiling: float) -> str | None:
    """A word of caution where a ceiling is likely to cut the run short."""
    if forecast.seconds is None or ceiling >= forecast.seconds.mid:
        return None
    return f"shorter than the forecast of {duration(forecast.seconds.mid)}: the run would be stopped before its end"
