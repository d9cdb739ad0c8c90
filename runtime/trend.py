"""Whether what is left of a resource runs out, and when: from samples over time. Pure.

Invariant: growth that slows down, comes back or is lost in noise says nothing. The floors of stretches of time tell
the slope, so that a spike is no growth; their peaks, where they grow as well, tell how soon the next one no longer
fits. Stretches of several lengths are looked at side by side: short ones see a fast leak in time, long ones see a slow
one through the noise.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

STRETCHES = 5
"""How many stretches make a window; two windows in a row must agree."""

LENGTHS_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
PATIENCE = 0.44
"""A leak is told when the time left is at most this share of the time for which it has grown: before that, most of
what grows stops by itself, such as a cache that fills."""

HORIZON_SECONDS = 300.0
"""And never longer than this ahead."""

LEAST_RISE_SHARE = 0.02
"""Growth over both windows below this share of the whole is not looked at."""

LEAST_SURENESS = 4.0
LEAST_RISING_SHARE = 0.55
LEAST_AGREEMENT = 0.75
"""How much of the first window's slope the second must have."""

LEAST_START = 0.3
"""How much of the slope the first window, or the time before, must have; less is no growth."""

MOST_FASTER = 1.35
"""How much faster it may have grown before: growth that slows down further stops by itself."""

FASTER = 1.25
"""From here on the second window's slope is the one that counts."""

LONGEST_SEEN = 4.0
"""Windows speak for growth that lasted so many times as long as they do, and no longer."""

LEAST_STEP = 0.05
"""A rise below this share of the mean one is none."""

MOST_AT_ONCE = 0.33
"""A rise of which one jump is more than this share is no growth."""

HITS = 2

HARD_SHARE = 0.97
HARD_SECONDS = 20.0
RISES = 4
"""How many rises in a row, each to where it never was, count where all but nothing is left."""

_MOST_KEPT = 256


class Level(IntEnum):
    """How serious it is; larger is worse."""

    NONE = 0
    WATCH = 1  # it grows, and there is time
    LEAK = 2  # it grows, and will run out
    HARD = 3  # it is all but full, and still grows


@dataclass(frozen=True, slots=True)
class Growth:
    """What the samples say now."""

    level: Level = Level.NONE
    slope: float = 0.0
    """Bytes a second by which what is left shrinks."""
    seconds_left: float | None = None
    """Until nothing is left, at this pace; ``None`` where nothing grows."""
    seen_seconds: float = 0.0
    """For how long it has grown at about this pace."""


STILL = Growth()


class Trend:
    """Watches one resource; give it every sample once, in order of time."""

    def __init__(self) -> None:
        self._history = _History()
        self._lengths = [_Length(seconds) for seconds in LENGTHS_SECONDS]
        self._recent: deque[tuple[float, float]] = deque(maxlen=RISES + 1)
        self._highest_before = float("-inf")

    def add(self, seconds: float, left: float, whole: float) -> Growth:
        """What is known after this sample: ``left`` bytes of ``whole`` are not in use."""
        taken = -left
        if len(self._recent) == self._recent.maxlen:
            self._highest_before = max(self._highest_before, self._recent[0][1])
        self._recent.append((seconds, taken))
        self._history.add(seconds, taken)
        found = [length.add(seconds, taken, whole, self._history) for length in self._lengths]
        if left <= (1 - HARD_SHARE) * whole:
            found.append(self._hard(whole))
        return max(found, key=lambda growth: (growth.level, -(growth.seconds_left or 0.0)))

    def _hard(self, whole: float) -> Growth:
        """All but full: a few rises in a row are enough, where all of them are new heights and the end is near."""
        values = [taken for _, taken in self._recent]
        rises = [later > earlier for earlier, later in pairwise(values)]
        is_full = values[0] >= -(1 - HARD_SHARE) * whole
        if len(rises) < RISES or not is_full or not all(rises) or values[1] <= self._highest_before:
            return STILL
        (first, low), (last, high) = self._recent[0], self._recent[-1]
        slope = (high - low) / (last - first)
        left = -high / slope
        return Growth(Level.HARD, slope, left, last - first) if left <= HARD_SECONDS else STILL


class _History:
    """The whole run in bounded memory: the lowest that was taken in each of at most some hundred stretches."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self._per_point = 1
        self._count = 0

    def add(self, seconds: float, taken: float) -> None:
        if self._count % self._per_point == 0:
            self._points.append((seconds, taken))
        else:
            began, lowest = self._points[-1]
            self._points[-1] = (began, min(lowest, taken))
        self._count += 1
        if len(self._points) > _MOST_KEPT:
            pairs = zip(self._points[::2], self._points[1::2], strict=False)
            self._points = [(began, min(low, other)) for (began, low), (_, other) in pairs]
            self._per_point *= 2
            self._count = len(self._points) * self._per_point

    def grown(self, now: float, taken: float, slope: float, at_least: float) -> float:
        """For how many seconds it has grown at about this slope, up to now."""
        seen = at_least
        others = 0
        for began, lowest in reversed(self._points):
            past = now - began
            if past <= at_least:
                continue
            if LEAST_START <= (taken - lowest) / (slope * past) <= MOST_FASTER:
                others = 0
                seen = max(seen, min(past, (taken - lowest) / slope))
            elif (others := others + 1) > 2:
                break
        return seen


@dataclass(slots=True)
class _Stretch:
    """Some seconds of samples; what is taken is told as minus what is left."""

    began: float
    middle: float
    floor: float
    peak: float


@dataclass(slots=True)
class _Length:
    """The samples in stretches of one length, and what they say."""

    seconds: float
    _open: _Stretch | None = None
    _closed: deque[_Stretch] = field(default_factory=lambda: deque(maxlen=2 * STRETCHES))
    _highest_before: float = float("-inf")
    """The highest floor that is older than the windows."""
    _hits: int = 0
    _found: Growth = STILL

    def add(self, seconds: float, taken: float, whole: float, history: _History) -> Growth:
        open_ = self._open
        if open_ is not None and seconds - open_.began < 0.95 * self.seconds:
            open_.middle = (open_.began + seconds) / 2
            open_.floor, open_.peak = min(open_.floor, taken), max(open_.peak, taken)
            return self._found
        self._open = _Stretch(seconds, seconds, taken, taken)
        if open_ is not None:
            if len(self._closed) == self._closed.maxlen:
                self._highest_before = max(self._highest_before, self._closed[0].floor)
            self._closed.append(open_)
            self._found = self._judge(seconds, taken, whole, history)
        return self._found

    def _judge(self, now: float, taken: float, whole: float, history: _History) -> Growth:
        slope = self._slope(taken, whole)
        if slope is None:
            self._hits = 0
            return STILL
        self._hits += 1
        if self._hits < HITS:
            return STILL
        last = self._closed[-1]
        window = (last.floor - self._closed[0].floor) / slope
        seen = history.grown(now, max(taken, last.floor), slope, min(window, now - self._closed[0].began))
        pace = self._pace(slope)
        left = max(0.0, -self._height(now, taken, slope) / pace)
        # What has grown for long is for the longer lengths to judge: in a short one noise is half of the slope.
        seen = min(seen, LONGEST_SEEN * (now - self._closed[0].began))
        is_near = left <= min(HORIZON_SECONDS, PATIENCE * seen)
        return Growth(Level.LEAK if is_near else Level.WATCH, pace, left, seen)

    def _pace(self, slope: float) -> float:
        """The slope of now: that of the second window, where it grows faster and faster."""
        times = [each.middle for each in self._closed]
        floors = [each.floor for each in self._closed]
        first = theil_sen(times[:STRETCHES], floors[:STRETCHES])
        second = theil_sen(times[STRETCHES:], floors[STRETCHES:])
        return max(slope, second) if second > FASTER * first else slope

    def _height(self, now: float, taken: float, slope: float) -> float:
        """What is taken now, or at the next peak that is as high as two have been, where the peaks grow too."""
        last = self._closed[-1]
        if theil_sen([each.middle for each in self._closed], [each.peak for each in self._closed]) <= 0:
            return taken
        excess = sorted(each.peak - each.floor for each in self._closed)[-2]
        base = min(taken, last.floor + slope * (now - last.middle))
        return max(taken, base + max(0.0, excess - slope * self.seconds))

    def _slope(self, taken: float, whole: float) -> float | None:
        """The slope, where both windows grow alike, beyond the noise, into what was never taken before."""
        if len(self._closed) < 2 * STRETCHES:
            return None
        times = [each.middle for each in self._closed]
        floors = [each.floor for each in self._closed]
        lately = statistics.median(floors[STRETCHES:])
        if lately <= self._highest_before or taken < lately:
            return None
        first = theil_sen(times[:STRETCHES], floors[:STRETCHES])
        second = theil_sen(times[STRETCHES:], floors[STRETCHES:])
        if first <= 0 or second < LEAST_AGREEMENT * first:
            return None
        rises = [later - earlier for earlier, later in pairwise(floors)]
        rise = floors[-1] - floors[0]
        steps = [each > LEAST_STEP * rise / len(rises) for each in rises]
        if sum(steps) < LEAST_RISING_SHARE * len(rises) or not any(steps[-2:]):
            return None
        slope = theil_sen(times, floors)
        if first < LEAST_START * slope or max(rises) > MOST_AT_ONCE * rise:
            return None
        rise = slope * (times[-1] - times[0])
        if rise < LEAST_RISE_SHARE * whole or rise < LEAST_SURENESS * _noise(times, floors, slope):
            return None
        return slope


def theil_sen(times: Sequence[float], values: Sequence[float]) -> float:
    """The median slope over all pairs of points: no single point turns it."""
    return statistics.median(
        (values[later] - values[earlier]) / (times[later] - times[earlier])
        for later in range(len(times))
        for earlier in range(later)
    )


def _noise(times: Sequence[float], values: Sequence[float], slope: float) -> float:
    """How far points lie from the line, as a standard deviation would say it."""
    offsets = [value - slope * moment for moment, value in zip(times, values, strict=True)]
    middle = statistics.median(offsets)
    return 1.4826 * statistics.median(abs(offset - middle) for offset in offsets)
