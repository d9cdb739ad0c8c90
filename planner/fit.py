"""Whether a run's memory fits into what is free: it does, it does not, or it is too close to tell.

Invariant: pure. Nothing is said to fit unless its upper bound does, and nothing is refused unless its lower bound does
not.
"""

from __future__ import annotations

from enum import StrEnum

from ..runtime.room import Room
from ..store.records import Forecast, Interval


class Fit(StrEnum):
    """The answer."""

    FITS = "fits"
    TOO_CLOSE = "too close to tell"
    DOES_NOT_FIT = "does not fit"


def fit_host(needed: Interval | None, room: Room) -> Fit | None:
    """Whether the host's memory suffices; ``None`` where the need is unknown."""
    return None if needed is None else _fit(needed, room.host_bytes, room.host_bytes)


def fit_device(needed: Interval | None, room: Room) -> Fit | None:
    """Whether GPU memory suffices; ``None`` where the need or the room is unknown.

    A need may be spread over several GPUs, and nobody knows over how many: it fits for sure when the roomiest one takes
    it all, and it cannot fit when all together do not.
    """
    if needed is None or not needed.high or not room.device_bytes:
        return None
    return _fit(needed, max(room.device_bytes), sum(room.device_bytes))


def why_it_cannot_run(forecast: Forecast, room: Room) -> str | None:
    """Why the forecast run would certainly run out of memory; ``None`` where it need not."""
    if fit_host(forecast.peak_host_bytes, room) is Fit.DOES_NOT_FIT and forecast.peak_host_bytes is not None:
        return _words(forecast.peak_host_bytes, room.host_bytes, "memory")
    if fit_device(forecast.peak_device_bytes, room) is Fit.DOES_NOT_FIT and forecast.peak_device_bytes is not None:
        return _words(forecast.peak_device_bytes, sum(room.device_bytes), "GPU memory")
    return None


def _fit(needed: Interval, surely: int, at_most: int) -> Fit:
    if needed.high <= surely:
        return Fit.FITS
    return Fit.DOES_NOT_FIT if needed.low > at_most else Fit.TOO_CLOSE


def _words(needed: Interval, free: int, what: str) -> str:
    return (
        f"it needs at least {gib(needed.low)} of {what}, and {gib(free)} are free: free some, or make it smaller (a"
        " smaller batch with accumulation, lower precision, activation checkpointing)"
    )


def gib(count: float) -> str:
    """A size in GiB, for sentences of the planner."""
    return f"{count / (1 << 30):.1f} GiB"
