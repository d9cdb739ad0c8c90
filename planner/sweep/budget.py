"""What a sweep may still spend, and whether a trial may start.

Invariant: in cost, not in trials. A trial starts only where what is left covers the upper end of its forecast, and its
own ceiling never lets it take more than what is left; what is under way counts with its ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...store.records import Interval

GRACE_SECONDS = 2.0
"""How long a trial may go on after it was asked to stop; it is kept free of every trial's ceiling."""

_HEADROOM = 2.5
"""A neighbour on the machine can halve its speed for a while, and a trial that is stopped for it is wasted."""
_LEAST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Purse:
    """Seconds of all trials of a sweep together."""

    ceiling: float
    spent: float
    """What trials that ended have used."""
    held: float
    """What those under way may use at most."""

    @property
    def left(self) -> float:
        """What another trial may use."""
        return max(0.0, self.ceiling - self.spent - self.held)

    def covers(self, forecast: Interval, *, keep: float = 0.0) -> bool:
        """Whether a trial may start, with ``keep`` seconds kept for what comes after the search."""
        return self.left - keep >= forecast.high + GRACE_SECONDS

    def ceiling_of(self, forecast: Interval, *, keep: float = 0.0) -> float:
        """The most that a trial may take: more than its forecast, so that a forecast that is off does not end it."""
        wanted = max(_HEADROOM * forecast.high, forecast.high + _LEAST_SECONDS)
        return min(wanted, self.left - keep - GRACE_SECONDS)


def kept_for_seeds(whole: Interval, seeds: int, budget: float) -> float:
    """What is kept for running the best and the default configuration with fresh seeds; a third of it all at most."""
    wanted = 2 * max(0, seeds - 1) * (whole.mid + GRACE_SECONDS)
    return min(wanted, budget / 3)
