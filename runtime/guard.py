"""The guard against running out of memory: what runs out, how soon, and because of what. Pure: it stops nothing.

Invariant: one trend per resource. A cause is named only where the numbers show it; else it is ``GROWTH``. A figure that
is not known is left out, and never read as zero.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .limits import size_words
from .trend import Growth, Level, Trend

EVENT = "run.memory"
"""The event that tells of an alarm, and of what was done about it."""

REPORT = "memory_record"
"""The report with the record of a run's memory; the supervisor's own, which the script's side cannot say."""

COLUMNS = ("seconds", "step", "tree", "training", "allocated", "reserved")
"""What each point of the record tells; bytes but for the first two, the last two over all devices."""

CLOSE_SHARE = 0.95
"""Below this share a leak is told but never said to be imminent: it may still stop by itself."""

MOST_PART = 0.5
"""What makes up this share of the growth is its cause."""

UNUSED_SHARE = 0.25
"""Reserved but not allocated, from this share on, is much."""

QUIET_SECONDS = 60.0
"""A resource that has not grown for so long is at rest again."""


_MOST_PAST = 4096
_LEAST_PAST_SECONDS = 10.0


class Cause(StrEnum):
    """Why memory runs out."""

    LEAK = "leak"  # what is allocated at the end of a step grows
    FRAGMENTATION = "fragmentation"  # what is reserved grows, and neither what is allocated nor its peak does
    LONG_BATCH = "long batch"  # the peak grows, and what is left at the end of a step does not
    OTHER_PROCESS = "another process"
    HOST_LEAK = "host leak"  # the training process itself
    WORKERS = "workers"  # processes that it started, such as loader workers
    GROWTH = "growth"  # it grows; nothing shows why


class Part(StrEnum):
    """A figure that tells whose the memory is; all in bytes but the steps."""

    TREE = "tree"
    """Host memory of all processes of the run."""
    TRAINING = "training"
    """Host memory of the training process alone."""
    OURS = "ours"
    """Device memory of the run's processes, as the driver says."""
    ALLOCATED = "allocated"
    """Device memory in tensors at the end of a step."""
    PEAK = "peak"
    RESERVED = "reserved"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Reading:
    """One resource at one moment."""

    resource: str
    """``host``, ``host limit``, ``gpu 0``, ``gpu limit``, ``allocator 0``."""
    left_bytes: int
    whole_bytes: int
    where: str
    """Who sets the bound, in words."""
    parts: Mapping[Part, int] = field(default_factory=dict)
    is_ceiling: bool = False
    """A limit that a person set: whoever watches the limits stops the run there."""
    retries: int | None = None
    """How often the allocator had to give everything back before an allocation succeeded."""

    @property
    def is_host(self) -> bool:
        """Whether it is about host memory."""
        return self.resource.startswith("host")


@dataclass(frozen=True, slots=True)
class Alarm:
    """A resource that runs out."""

    reading: Reading
    growth: Growth
    cause: Cause
    grown: Mapping[Part, int]
    """By how much each part grew while it was seen to grow."""

    @property
    def used_bytes(self) -> int:
        """What of it is taken."""
        return self.reading.whole_bytes - self.reading.left_bytes

    def is_imminent(self, seconds: float) -> bool:
        """Whether it will be full within so many seconds, as surely as can be said."""
        left = self.growth.seconds_left
        is_close = self.growth.level is Level.HARD or self.used_bytes >= CLOSE_SHARE * self.reading.whole_bytes
        return is_close and left is not None and left <= seconds

    @property
    def words(self) -> str:
        """For a person."""
        reading, growth = self.reading, self.growth
        what = "host memory" if reading.is_host else f"GPU memory ({reading.resource})"
        when = "" if growth.seconds_left is None else f" is full in about {growth.seconds_left:.0f} s"
        per_step = self.bytes_per_step
        step = f" ({size_words(per_step)} a step)" if per_step else ""
        left = f"{size_words(reading.left_bytes)} of {size_words(reading.whole_bytes)} are left ({reading.where})"
        return f"{what}{when}: it grows by {size_words(growth.slope)} a second{step}, {left}; {self._why}"

    @property
    def bytes_per_step(self) -> float | None:
        """How much an optimizer step adds, where steps are known."""
        steps, mine = self.grown.get(Part.STEPS, 0), self.cause in (Cause.LEAK, Cause.HOST_LEAK)
        grown = self.grown.get(Part.ALLOCATED if self.cause is Cause.LEAK else Part.TRAINING)
        return grown / steps if mine and grown and steps >= 2 else None

    @property
    def _why(self) -> str:
        def grew(part: Part) -> str:
            return size_words(self.grown.get(part, 0))

        now = self.reading.parts
        unused = size_words(max(0, now.get(Part.RESERVED, 0) - now.get(Part.ALLOCATED, 0)))
        return {
            Cause.LEAK: f"a leak: tensors that are held at the end of a step grew by {grew(Part.ALLOCATED)}",
            Cause.FRAGMENTATION: f"fragmentation: {unused} are reserved and hold no tensor",
            Cause.LONG_BATCH: f"a larger batch: its peak grew by {grew(Part.PEAK)}, what a step leaves behind did not",
            Cause.OTHER_PROCESS: "something else takes it: what this run holds does not grow as much",
            Cause.HOST_LEAK: f"the training process itself grew by {grew(Part.TRAINING)}",
            Cause.WORKERS: "the processes that the script started, such as loader workers, grow",
            Cause.GROWTH: "what in the run grows is not known",
        }[self.cause]

    def as_data(self) -> dict[str, Any]:
        """For an event."""
        return {
            "resource": self.reading.resource,
            "cause": self.cause,
            "used_bytes": self.used_bytes,
            "whole_bytes": self.reading.whole_bytes,
            "where": self.reading.where,
            "bytes_per_second": self.growth.slope,
            "bytes_per_step": self.bytes_per_step,
            "seconds_left": self.growth.seconds_left,
            "grown": dict(self.grown),
            "words": self.words,
        }


class Guard:
    """Watches every resource of one run."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}

    def look(self, seconds: float, readings: Iterable[Reading]) -> tuple[Alarm, ...]:
        """The alarms of this moment, the most pressing first."""
        alarms = []
        for reading in readings:
            watched = self._watched.setdefault(reading.resource, _Watched())
            if (alarm := watched.look(seconds, reading)) is not None:
                alarms.append(alarm)
        return tuple(sorted(alarms, key=lambda alarm: alarm.growth.seconds_left or 0.0))

    @property
    def should_look_closely(self) -> bool:
        """Whether something grows and is near its end: then a look a second is not enough."""
        return any(
            watched.growth.level > Level.NONE and (watched.growth.seconds_left or 0.0) < QUIET_SECONDS
            for watched in self._watched.values()
        )

    def is_at_rest(self, resource: str, seconds: float) -> bool:
        """Whether a resource has stopped growing for good, as far as one can see."""
        watched = self._watched.get(resource)
        return watched is None or seconds - watched.grew_at > max(QUIET_SECONDS, watched.growth.seen_seconds)


class _Watched:
    """One resource: its trend, and what its parts were."""

    def __init__(self) -> None:
        self.growth = Growth()
        self.grew_at = float("-inf")
        self._trend = Trend()
        self._past: deque[tuple[float, Reading]] = deque(maxlen=_MOST_PAST)
        self._retries = 0

    def look(self, seconds: float, reading: Reading) -> Alarm | None:
        self._past.append((seconds, reading))
        growth = self._trend.add(seconds, reading.left_bytes, reading.whole_bytes)
        if growth.level is not Level.NONE:
            self.grew_at = seconds
            if (reading.retries or 0) > self._retries:
                # The device is full already; the allocator found room once more by giving back what it kept.
                growth = replace(growth, level=Level.HARD)
        self._retries = reading.retries or 0
        self.growth = growth
        if growth.level < Level.LEAK:
            return None
        since = seconds - max(growth.seen_seconds, _LEAST_PAST_SECONDS)
        then = next(past for moment, past in self._past if moment >= since)
        grown = {part: value - then.parts[part] for part, value in reading.parts.items() if part in then.parts}
        return Alarm(reading, growth, cause_of(reading, grown, then.left_bytes - reading.left_bytes), grown)


def cause_of(reading: Reading, grown: Mapping[Part, int], whole_growth: float) -> Cause:
    """What the growth of a resource comes from, by what its parts gained meanwhile."""

    def makes_up(part: Part, of: float = whole_growth) -> bool | None:
        return grown[part] >= MOST_PART * of if part in grown else None

    if reading.is_host:
        if makes_up(Part.TREE) is False:
            return Cause.OTHER_PROCESS
        if Part.TREE not in grown or Part.TRAINING not in grown:
            return Cause.GROWTH
        return Cause.HOST_LEAK if makes_up(Part.TRAINING, grown[Part.TREE]) else Cause.WORKERS
    if reading.resource.startswith("allocator"):
        return Cause.LEAK
    if makes_up(Part.OURS) is False or (Part.OURS not in grown and makes_up(Part.RESERVED) is False):
        return Cause.OTHER_PROCESS
    if makes_up(Part.ALLOCATED):
        return Cause.LEAK
    if makes_up(Part.RESERVED):
        if makes_up(Part.PEAK):
            return Cause.LONG_BATCH
        unused = reading.parts[Part.RESERVED] - reading.parts.get(Part.ALLOCATED, 0)
        return Cause.FRAGMENTATION if unused >= UNUSED_SHARE * reading.parts[Part.RESERVED] else Cause.GROWTH
    return Cause.GROWTH
