"""How far forecasts were off on this machine, and so how wide the next interval has to be.

Conformal: the error of a forecast is ``|log(actual / forecast)|``, and the next interval is as wide as nine in ten of
the earlier errors of its kind. Before a machine has a history, errors measured on a corpus of scripts stand in
(:mod:`.prior`); each own outcome takes the place of a part of them.

Invariant: an interval always comes with what its width was taken from, and no outcome is left out because it was bad.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from ..store.records import Forecast, ForecastOutcome, Interval, Run, RungName
from .prior import PRIOR_ERRORS, PRIOR_SCRIPTS, UNMEASURED_ERROR

LEVEL = 0.9
"""The share of outcomes that an interval is meant to hold."""

FULL_HISTORY = 20
"""From so many own outcomes on, the corpus counts for nothing."""


class Quantity(StrEnum):
    """What is forecast; the values are fields of ``Forecast``."""

    WALL = "seconds"
    CPU = "cpu_seconds"
    HOST_MEMORY = "peak_host_bytes"
    DEVICE_MEMORY = "peak_device_bytes"
    ENERGY = "energy_joules"


_ACTUAL: Mapping[Quantity, str] = {
    Quantity.WALL: "wall_seconds",
    Quantity.CPU: "cpu_seconds",
    Quantity.HOST_MEMORY: "peak_host_bytes",
    Quantity.DEVICE_MEMORY: "peak_device_bytes",
    Quantity.ENERGY: "energy_joules",
}


@dataclass(frozen=True, slots=True)
class Width:
    """How wide an interval has to be, and why."""

    error: float
    """Of the logarithm: the interval is ``middle × exp(± error)``."""
    basis: str

    def around(self, middle: float) -> Interval:
        """The interval."""
        return Interval(middle * math.exp(-self.error), middle, middle * math.exp(self.error))


@dataclass(frozen=True, slots=True)
class RungCalibration:
    """How the forecasts of one rung's time have turned out so far."""

    rung: RungName
    count: int
    inside: int
    """How many of the actual times were within the interval that was shown."""
    median_error: float
    """Of the absolute errors, as a share of the actual time."""
    bias: float
    """The median error with its sign; positive is forecast too long."""


class Calibration:
    """What this machine's own outcomes say about the next forecast."""

    def __init__(self, outcomes: Iterable[ForecastOutcome] = ()) -> None:
        self._errors: dict[tuple[Quantity, RungName, RungName, bool], list[float]] = defaultdict(list)
        for outcome in outcomes:
            for quantity in Quantity:
                error = log_error(outcome.forecast, outcome.run, quantity)
                if error is not None:
                    on_gpu = bool(outcome.run.peak_device_bytes)
                    self._errors[quantity, outcome.source_rung, outcome.run.rung, on_gpu].append(abs(error))

    def width(self, quantity: Quantity, *, source: RungName, rung: RungName, on_gpu: bool) -> Width:
        """How wide a forecast of ``rung`` made from a run of ``source`` has to be."""
        own = self._errors.get((quantity, source, rung, on_gpu), [])
        prior = () if on_gpu else PRIOR_ERRORS.get((quantity.value, source, rung), ())
        error = conformal(own, prior or (UNMEASURED_ERROR,))
        within = f"9 of 10 within {math.expm1(error):.0%}"
        if not own and not prior:
            return Width(error, f"nothing measured here yet, and no corpus either: {within}, as a guess")
        if not own:
            return Width(error, f"nothing measured here yet: as on {PRIOR_SCRIPTS} scripts of a corpus, {within}")
        mixed = "" if len(own) >= FULL_HISTORY else " and the corpus" if prior else " and a guess"
        return Width(error, f"{len(own)} earlier outcomes on this machine{mixed}, {within}")


def conformal(own: Sequence[float], prior: Sequence[float]) -> float:
    """The error that nine in ten stay below: the weighted quantile of own errors and, as far as those are few, the
    prior's. ``prior`` must not be empty.
    """
    prior_weight = max(0.0, FULL_HISTORY - len(own)) / len(prior)
    weighted = sorted([*((error, 1.0) for error in own), *((error, prior_weight) for error in prior)])
    # One more for the outcome to come: without it, few outcomes would promise too much.
    wanted = LEVEL * (sum(weight for _, weight in weighted) + 1)
    reached = 0.0
    for error, weight in weighted:
        reached += weight
        if reached >= wanted - 1e-9:
            return error
    return weighted[-1][0]


def log_error(forecast: Forecast, run: Run, quantity: Quantity) -> float | None:
    """``log(actual / forecast)``; ``None`` where either is unknown, or the forecast was the most there could be."""
    told: Interval | None = getattr(forecast, quantity.value)
    actual: float | None = getattr(run, _ACTUAL[quantity])
    if told is None or not actual or actual <= 0 or told.mid <= 0 or forecast.may_end_early:
        return None
    return math.log(actual / told.mid)


def calibration_by_rung(outcomes: Iterable[ForecastOutcome]) -> tuple[RungCalibration, ...]:
    """How the times that people were shown have turned out, rung by rung in climbing order."""
    shown: dict[RungName, list[tuple[bool, float]]] = defaultdict(list)
    for outcome in outcomes:
        told, actual = outcome.forecast.seconds, outcome.run.wall_seconds
        if outcome.was_shown and told is not None and actual:
            shown[outcome.run.rung].append((told.low <= actual <= told.high, (told.mid - actual) / actual))
    return tuple(
        RungCalibration(
            rung=rung,
            count=len(shown[rung]),
            inside=sum(inside for inside, _ in shown[rung]),
            median_error=median(abs(error) for _, error in shown[rung]),
            bias=median(error for _, error in shown[rung]),
        )
        for rung in RungName
        if shown[rung]
    )
