"""What time and energy cost: arithmetic alone. Prices come with the run's record, from whoever approved it."""

from __future__ import annotations

SECONDS_PER_HOUR = 3600.0
JOULES_PER_KWH = 3.6e6


def cost_usd(
    seconds: float | None, joules: float | None, *, usd_per_hour: float | None, usd_per_kwh: float | None
) -> float | None:
    """Hours and kilowatt-hours at their prices; ``None`` without a price, or where a priced part was not measured."""
    parts = _parts(seconds, joules, usd_per_hour, usd_per_kwh)
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None


def least_cost_usd(
    seconds: float | None, joules: float | None, *, usd_per_hour: float | None, usd_per_kwh: float | None
) -> float | None:
    """The part of the cost that is known: it cannot have cost less. ``None`` where nothing of it is known."""
    known = [part for part in _parts(seconds, joules, usd_per_hour, usd_per_kwh) if part is not None]
    return sum(known) if known else None


def _parts(
    seconds: float | None, joules: float | None, usd_per_hour: float | None, usd_per_kwh: float | None
) -> list[float | None]:
    """One entry for each price that is set."""
    parts: list[float | None] = []
    if usd_per_hour is not None:
        parts.append(None if seconds is None else seconds / SECONDS_PER_HOUR * usd_per_hour)
    if usd_per_kwh is not None:
        parts.append(None if joules is None else joules / JOULES_PER_KWH * usd_per_kwh)
    return parts
