"""What a rung will take of GPUs, energy and money, from its time and from what a short run of the script took. Pure.

Invariant: a value is ``None`` with a ``field: reason``, never a guess. Intervals are those of the time, widened by what
the meter may be off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..runtime.money import cost_usd
from ..store.records import Forecast, Interval, Json, Run
from .prices import Price

METER_ERROR = {"counter": 0.05, "power": 0.15}
"""How far a GPU's meter may be off, by what was measured with; of published comparisons with outside meters."""

COUNTER_REFRESH_SECONDS = 0.2
"""How late a meter's first and last reading may be together: it matters where the measured run was short."""

NO_GPU = Interval(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Spending:
    """The costs of a rung besides its time, with why those are unknown that are ``None``."""

    gpu_seconds: Interval | None
    energy_joules: Interval | None
    usd: Interval | None
    unknown: tuple[str, ...]


def spending(seconds: Interval | None, run: Run, gpu_use: Json | None, price: Price) -> Spending:
    """What a rung of ``seconds`` takes, from the run that measured it and its ``gpu_use`` report."""
    gpus = gpu_forecast(seconds, run, gpu_use)
    energy = energy_forecast(seconds, run, gpu_use)
    usd = money_forecast(seconds, energy, price)
    unknown = []
    if gpus is None:
        unknown.append(f"gpu_seconds: {_why_no_gpus(seconds)}")
    if energy is None:
        unknown.append(f"energy_joules: {_why_no_energy(seconds, run, gpu_use)}")
    if usd is None:
        unknown.append(f"usd: {_why_no_money(seconds, energy, price)}")
    return Spending(gpus, energy, usd, tuple(unknown))


def repriced(forecast: Forecast, price: Price) -> Forecast:
    """The forecast at another price; the very same where it is at this price already."""
    usd = money_forecast(forecast.seconds, forecast.energy_joules, price)
    others = tuple(entry for entry in forecast.unknown if not entry.startswith("usd:"))
    why = () if usd is not None else (f"usd: {_why_no_money(forecast.seconds, forecast.energy_joules, price)}",)
    if usd == forecast.usd and set(forecast.unknown) == {*others, *why}:
        return forecast
    return replace(forecast, usd=usd, unknown=(*others, *why))


def gpu_forecast(seconds: Interval | None, run: Run, gpu_use: Json | None) -> Interval | None:
    """GPUs times seconds: as many GPUs as the short run held while it held any."""
    if run.gpu_seconds == 0:
        return NO_GPU
    if seconds is None or run.gpu_seconds is None or gpu_use is None:
        return None
    return _scaled(seconds, run.gpu_seconds / float(gpu_use["seconds"]))


def energy_forecast(seconds: Interval | None, run: Run, gpu_use: Json | None) -> Interval | None:
    """The power of the short run's GPUs while it held them, for the whole time: set-up before that is over-counted."""
    if seconds is None or run.energy_joules is None or gpu_use is None:
        return None
    held = float(gpu_use["seconds"])
    source = gpu_use.get("energy_source")
    off = METER_ERROR.get(str(source), max(METER_ERROR.values())) + COUNTER_REFRESH_SECONDS / held
    watts = run.energy_joules / held
    return Interval(seconds.low * watts * max(0.0, 1 - off), seconds.mid * watts, seconds.high * watts * (1 + off))


def money_forecast(seconds: Interval | None, energy: Interval | None, price: Price) -> Interval | None:
    """Time and energy at their prices; ``None`` where a part that has a price is unknown."""
    bounds = []
    for bound in ("low", "mid", "high"):
        cost = cost_usd(
            None if seconds is None else getattr(seconds, bound),
            None if energy is None else getattr(energy, bound),
            usd_per_hour=price.usd_per_hour,
            usd_per_kwh=price.usd_per_kwh,
        )
        if cost is None:
            return None
        bounds.append(cost)
    return Interval(*bounds)


def _scaled(interval: Interval, factor: float) -> Interval:
    return Interval(interval.low * factor, interval.mid * factor, interval.high * factor)


def _why_no_gpus(seconds: Interval | None) -> str:
    return _NO_TIME if seconds is None else "nobody tells how many GPUs the short run held"


def _why_no_energy(seconds: Interval | None, run: Run, gpu_use: Json | None) -> str:
    if run.energy_joules is not None and gpu_use is not None and seconds is None:
        return _NO_TIME
    return "no meter" if run.gpu_seconds != 0 or gpu_use is not None else "no meter; only GPUs have one"


def _why_no_money(seconds: Interval | None, energy: Interval | None, price: Price) -> str:
    if not price.is_set:
        return price.why_none or "no price set"
    if seconds is None and price.usd_per_hour is not None:
        return _NO_TIME
    return "electricity has a price, and the energy is unknown" if energy is None else _NO_TIME


_NO_TIME = "the time is unknown"
