"""Made-up traces of memory in use, as a share of what there is, for the guard's benchmark.

Invariant: a trace is a pure function of its seed. Healthy ones never reach the limit; leaking ones end at the moment
when they do.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LONGEST_HEALTHY = 1_800.0
FASTEST_LEAK, SLOWEST_LEAK = 30.0, 7_200.0
MOST_GROWTH = 2 / 3
"""What a healthy cache or data set may take of the room that was there when it began to grow."""

Use = Callable[[float], float]
"""The share in use at a moment."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One run's use, sampled about once a second."""

    kind: str
    samples: tuple[tuple[float, float], ...]
    full_at: float | None
    """When there is nothing left; ``None`` for a run that never comes there."""


def healthy(kind: str, seed: int) -> Trace:
    """A run whose memory does not run out."""
    dice = random.Random(f"{kind} {seed}")
    use = {**HEALTHY, **UNDECIDABLE}[kind](dice)
    length = math.exp(dice.uniform(math.log(60.0), math.log(LONGEST_HEALTHY)))
    return Trace(kind, tuple((moment, min(use(moment), 0.9999)) for moment in moments(dice, length)), None)


def leaking(kind: str, seed: int, fastest: float = FASTEST_LEAK, slowest: float = SLOWEST_LEAK) -> Trace:
    """A run that grows from the start, or from some time on, until nothing is left."""
    dice = random.Random(f"{kind} {seed}")
    lasts = math.exp(dice.uniform(math.log(fastest), math.log(slowest)))
    use = LEAKING[kind](dice, lasts)
    samples: list[tuple[float, float]] = []
    for moment in moments(dice, 3 * lasts + 300):
        share = use(moment)
        if share >= 1.0:
            return Trace(kind, tuple(samples), moment)
        samples.append((moment, share))
    raise AssertionError(f"{kind} {seed} never fills the memory")


def moments(dice: random.Random, length: float) -> Iterator[float]:
    """When the watcher looks: soon after the start, then once a second, a little late each time."""
    yield from (0.1, 0.4)
    now = 1.0
    while now < length:
        yield now
        now += 1.0 + abs(dice.gauss(0, 0.03))


def _noise(dice: random.Random, most: float) -> Use:
    """White noise and noise that wanders back, together."""
    white = dice.uniform(0, most) / 2
    wandering = dice.choice((0.0, dice.uniform(0, most)))
    memory = dice.uniform(3, 60)
    state = [0.0, 0.0]

    def use(moment: float) -> float:
        kept = math.exp(-max(0.0, moment - state[1]) / memory)
        state[0] = state[0] * kept + dice.gauss(0, wandering) * math.sqrt(1 - kept * kept)
        state[1] = moment
        return state[0] + (dice.gauss(0, white) if white else 0.0)

    return use


def _flat(dice: random.Random) -> Use:
    base, noise = dice.uniform(0.05, 0.85), _noise(dice, 0.02)
    return lambda moment: base + noise(moment)


def _noisy(dice: random.Random) -> Use:
    base, noise = dice.uniform(0.2, 0.6), _noise(dice, 0.06)
    return lambda moment: base + noise(moment)


def _tight(dice: random.Random) -> Use:
    """A batch chosen to fill the device: jumps at first, then all but full for good."""
    top, warm = dice.uniform(0.95, 0.999), dice.uniform(2, 40)
    jumps = [(warm * dice.random() ** 2, dice.random() ** 2) for _ in range(dice.randint(2, 8))]
    wobble = dice.choice((0.0, 0.0, 0.001))
    whole = sum(height for _, height in jumps)
    return lambda moment: (
        top * (0.1 + 0.9 * sum(height for jump, height in jumps if jump <= moment) / whole) - abs(dice.gauss(0, wobble))
    )


def _spikes(dice: random.Random) -> Use:
    base, noise = dice.uniform(0.1, 0.6), _noise(dice, 0.02)
    every, lasts = dice.uniform(20, 300), dice.uniform(2, 20)
    height = dice.uniform(0.05, 0.95 - base)
    return lambda moment: base + noise(moment) + (height if moment % every > every - lasts else 0.0)


def _warm_up(dice: random.Random) -> Use:
    """An allocator that takes ever smaller steps up to its plateau."""
    base, top = dice.uniform(0.02, 0.3), dice.uniform(0.4, 0.95)
    slow, step = math.exp(dice.uniform(math.log(2), math.log(60))), dice.choice((0.002, 0.01, 0.03))
    noise = _noise(dice, dice.choice((0.0, 0.01)))
    return lambda moment: (
        base + step * math.floor((top - base) * (1 - math.exp(-moment / slow)) / step) + noise(moment)
    )


def _records(dice: random.Random) -> Use:
    """Batches of random length: what was reserved for the longest stays reserved."""
    base, scale = dice.uniform(0.1, 0.3), dice.uniform(0.02, 0.12)
    highest = [0.0]

    def use(moment: float) -> float:
        highest[0] = max(highest[0], *(dice.gauss(0, 1) for _ in range(5)))
        return min(0.96, base + scale * (2 + highest[0]))

    return use


def _grows_then_stops(dice: random.Random, least: float, most: float) -> Use:
    base, noise = dice.uniform(0.05, 0.4), _noise(dice, dice.choice((0.0, 0.01)))
    begins, lasts = dice.choice((0.0, dice.uniform(5, 60))), math.exp(dice.uniform(math.log(5), math.log(1_200)))
    growth = dice.uniform(least, most) * (1 - base)
    return lambda moment: base + noise(moment) + growth * min(1.0, max(0.0, (moment - begins) / lasts))


def _cache(dice: random.Random) -> Use:
    return _grows_then_stops(dice, 0.05, MOST_GROWTH)


def _large_cache(dice: random.Random) -> Use:
    return _grows_then_stops(dice, MOST_GROWTH, 0.95)


def _sawtooth(dice: random.Random) -> Use:
    """What an epoch gathers is let go at its end; no two epochs gather quite the same."""
    base, noise = dice.uniform(0.05, 0.4), _noise(dice, 0.01)
    period, height = math.exp(dice.uniform(math.log(10), math.log(600))), dice.uniform(0.05, MOST_GROWTH) * (1 - base)
    teeth = [1 - abs(dice.gauss(0, 0.05)) for _ in range(400)]
    return lambda moment: (
        base + noise(moment) + height * teeth[int(moment / period) % 400] * (moment % period) / period
    )


HEALTHY: dict[str, Callable[[random.Random], Use]] = {
    "flat": _flat,
    "noisy": _noisy,
    "tight fit": _tight,
    "evaluation spikes": _spikes,
    "allocator warm-up": _warm_up,
    "random lengths": _records,
    "cache that stops": _cache,
    "epoch sawtooth": _sawtooth,
}
UNDECIDABLE: dict[str, Callable[[random.Random], Use]] = {"cache of most of the memory": _large_cache}
"""Healthy in the end, but not to be told from a leak while it grows; counted by itself."""


def _line(dice: random.Random, lasts: float) -> Use:
    base = dice.uniform(0.05, 0.5)
    begins = dice.choice((0.0, 0.0, dice.uniform(5, 120)))
    return lambda moment: base + (1 - base) * max(0.0, moment - begins) / lasts


def _steady(dice: random.Random, lasts: float) -> Use:
    return _line(dice, lasts)


def _noisy_leak(dice: random.Random, lasts: float) -> Use:
    line, noise = _line(dice, lasts), _noise(dice, 0.03)
    return lambda moment: line(moment) + noise(moment)


def _steps(dice: random.Random, lasts: float) -> Use:
    """It grows once in a while: at every evaluation, or when a list's room doubles."""
    line, noise = _line(dice, lasts), _noise(dice, 0.005)
    every = lasts / dice.uniform(10, 60)
    return lambda moment: line(every * math.floor(moment / every)) + noise(moment)


def _spiky_leak(dice: random.Random, lasts: float) -> Use:
    line, noise = _line(dice, lasts), _noise(dice, 0.01)
    every, height = dice.uniform(15, 120), dice.uniform(0.02, 0.2)
    spike = dice.uniform(2, 0.3 * every)
    return lambda moment: line(moment) + noise(moment) + (height if moment % every > every - spike else 0.0)


def _faster_and_faster(dice: random.Random, lasts: float) -> Use:
    base, noise = dice.uniform(0.05, 0.4), _noise(dice, 0.01)
    power = dice.uniform(1.2, 2.0)
    return lambda moment: base + noise(moment) + (1 - base) * (moment / lasts) ** power


LEAKING: dict[str, Callable[[random.Random, float], Use]] = {
    "steady": _steady,
    "noisy": _noisy_leak,
    "in steps": _steps,
    "under spikes": _spiky_leak,
    "faster and faster": _faster_and_faster,
}
