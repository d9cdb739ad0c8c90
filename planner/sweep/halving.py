"""Successive halving: which trials go on, judged by the others at the same length.

Invariant: pure, and without memory: what is decided depends on the values at a level alone, so that it is the same
after a restart. A level is a length: reports of the metric, or the value of the script's own argument for its length.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

REDUCTION = 2
"""Of so many trials at a level, one goes on to the next. Three were slower on the table of `benchmarks/sweep.py`."""

GRACE_SHARE = 1 / 9
"""No trial is judged before so much of a whole training: the first steps say little about the end."""

LEAST_REPORTS = 3
"""A metric that is reported less often in a whole run is no curve to judge by."""


class Shortening(StrEnum):
    """How unpromising trials are kept short."""

    CURVE = "stopped early by their curve"
    LENGTH = "begun short, by the script's own argument"
    NONE = "not shortened"


def levels(most: int, *, reduction: int = REDUCTION, grace: float = GRACE_SHARE) -> tuple[int, ...]:
    """The lengths at which it is judged, the shortest first and never the full one: 3, 7, 14 of 27."""
    found = []
    level = most / reduction
    while level >= max(1.0, grace * most) - 1e-9:
        found.append(max(1, round(level)))
        level /= reduction
    return tuple(sorted(set(found) - {most}))


def goes_on(value: float, others: Sequence[float], *, maximise: bool, reduction: int = REDUCTION) -> bool:
    """Whether a trial belongs to the best part of all that came to its level; ``others`` are without itself.

    The first ones are let through as long as they are the best so far: with few to compare with, only that is sure.
    """
    better = sum(other > value if maximise else other < value for other in others)
    return better < max(1, (len(others) + 1) // reduction)


def level_reached(reports: int, of: Sequence[int]) -> int | None:
    """The highest level that a curve of so many reports has come to."""
    return max((level for level in of if level <= reports), default=None)


def to_promote(
    finished: Mapping[int, Mapping[str, float]], *, full: int, maximise: bool, reduction: int = REDUCTION
) -> tuple[str, int] | None:
    """Of trials that were begun short, the one that should run longer, and the level that it has passed.

    ``finished`` holds by level the value of each configuration, named by any key; one that has a value at a higher
    level was promoted before. The highest level is asked first: what is nearly done is finished.
    """
    ordered = sorted(finished)
    for level in (one for one in reversed(ordered) if one < full):
        values = finished[level]
        above = {key for higher in ordered if higher > level for key in finished[higher]}
        ranked = sorted(values, key=lambda key: values[key], reverse=maximise)
        best = ranked[: len(values) // reduction]
        waiting = next((key for key in best if key not in above and math.isfinite(values[key])), None)
        if waiting is not None:
            return waiting, level
    return None
