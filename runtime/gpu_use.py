"""What a run has used of the GPUs: the time that it held them, and the energy that they took meanwhile. Pure.

Invariant: what nobody measured is never counted as nothing. An interval between two looks counts for a GPU that the run
held at either end of it. Energy is that of whole GPUs, also where others share them; processors are not in it.

NVML's energy counter goes before its power reading: a power reading samples a part of the time only. The counter is
renewed about every 100 ms, and differences between looks add up, so only the first and the last reading are late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

REPORT = "gpu_use"
"""The kind of a run's report with how long it held a GPU (``seconds``) and what measured its energy
(``energy_source``)."""

MOST_WATTS = 3_000.0
"""A counter that grew faster than any GPU can take was reset or is broken; so was one that fell."""

MOST_UNSEEN_SECONDS = 10.0
"""After so long without a reading the energy is unknown, until the counter tells what was missed."""


class EnergySource(StrEnum):
    """How energy was measured; the surer first."""

    COUNTER = "counter"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Reading:
    """One GPU at one look; ``None`` is what the driver did not tell."""

    index: int
    is_held: bool | None
    """Whether the run has memory on it."""
    counter_joules: float | None
    """What it has taken since the driver was loaded."""
    watts: float | None


@dataclass(slots=True)
class _Gpu:
    """What is remembered of one GPU from look to look."""

    seen_at: float
    is_held: bool | None = None
    counter: tuple[float, float] | None = None
    """When the counter was read last, and what it said; so for the power."""
    watts: tuple[float, float] | None = None
    unmeasured_since: float | None = None
    """Since when the run has used it without a measurement."""


class GpuUse:
    """Adds up over the life of one run."""

    def __init__(self) -> None:
        self._gpus: dict[int, _Gpu] = {}
        self._gpu_seconds = 0.0
        self._joules: float | None = None
        self._source: EnergySource | None = None
        self._is_lost = False
        self._now = 0.0
        self.held_seconds = 0.0
        """How long the run held at least one GPU."""

    @property
    def gpu_seconds(self) -> float | None:
        """GPUs times the time that they were held; ``None`` where it cannot be told whether one is."""
        is_known = bool(self._gpus) and all(gpu.is_held is not None for gpu in self._gpus.values())
        return self._gpu_seconds if is_known else None

    @property
    def energy_joules(self) -> float | None:
        """The energy of the GPUs while they were held; ``None`` without a meter, or where some of it was missed."""
        if self._is_lost or any(self._is_unseen(gpu) for gpu in self._gpus.values()):
            return None
        return self._joules

    @property
    def energy_source(self) -> EnergySource | None:
        """How the energy was measured; the less sure where both were needed."""
        return self._source if self.energy_joules is not None else None

    def look(self, elapsed_seconds: float, readings: Iterable[Reading]) -> None:
        """Take the readings of one moment in; moments come in order."""
        passed = elapsed_seconds - self._now
        any_held = False
        for reading in readings:
            gpu = self._gpus.setdefault(reading.index, _Gpu(elapsed_seconds))
            before = gpu.is_held
            # A look that the driver does not answer changes nothing about what is known.
            gpu.is_held = before if reading.is_held is None else reading.is_held
            if before or (gpu.is_held and gpu.seen_at < elapsed_seconds):
                any_held = True
                self._gpu_seconds += elapsed_seconds - gpu.seen_at
                gpu.unmeasured_since = gpu.seen_at if gpu.unmeasured_since is None else gpu.unmeasured_since
            self._measure(gpu, elapsed_seconds, reading)
            gpu.seen_at = elapsed_seconds
        if any_held:
            self.held_seconds += passed
        self._now = elapsed_seconds

    def _measure(self, gpu: _Gpu, now: float, reading: Reading) -> None:
        """Count the energy since the last reading, if the run used the GPU meanwhile; then remember this reading."""
        counted = _by_counter(gpu.counter, now, reading.counter_joules)
        integrated = _by_power(gpu.watts, now, reading.watts)
        if gpu.unmeasured_since is not None:
            if counted is not None:
                self._count(counted, EnergySource.COUNTER)
                gpu.unmeasured_since = None
            elif integrated is not None:
                self._count(integrated, EnergySource.POWER)
                gpu.unmeasured_since = None
            elif gpu.counter is not None and reading.counter_joules is not None:
                self._is_lost = True  # the counter was reset, and no power reading bridges it
        if reading.counter_joules is not None:
            gpu.counter = (now, reading.counter_joules)
        if reading.watts is not None:
            gpu.watts = (now, reading.watts)

    def _count(self, joules: float, source: EnergySource) -> None:
        self._joules = (self._joules or 0.0) + joules
        if self._source is not EnergySource.POWER:
            self._source = source

    def _is_unseen(self, gpu: _Gpu) -> bool:
        return gpu.unmeasured_since is not None and self._now - gpu.unmeasured_since > MOST_UNSEEN_SECONDS


def _by_counter(before: tuple[float, float] | None, now: float, joules: float | None) -> float | None:
    """What the counter has grown by; ``None`` where it is not there or not to be believed."""
    if before is None or joules is None:
        return None
    grown = joules - before[1]
    # A counter that is renewed between two close looks may show some of the time before them.
    return grown if 0 <= grown <= MOST_WATTS * (now - before[0] + 0.1) else None


def _by_power(before: tuple[float, float] | None, now: float, watts: float | None) -> float | None:
    """Power times time, by the trapezoid between two readings."""
    if before is None or watts is None:
        return None
    return (before[1] + watts) / 2 * (now - before[0])
