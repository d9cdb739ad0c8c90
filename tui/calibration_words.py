"""How forecasts have turned out, in words: one line for each rung, or all in one."""

from __future__ import annotations

from collections.abc import Sequence

from ..planner.calibration import RungCalibration
from .units import count


def calibration_sentence(rung: RungCalibration) -> str:
    """One rung for the command line."""
    return (
        f"forecasts of {rung.rung}: {count(rung.inside)} of {count(rung.count)} actual times were inside the interval,"
        f" off by {rung.median_error:.0%} in the median, {_lean(rung.bias)}"
    )


def calibration_line(rungs: Sequence[RungCalibration]) -> str:
    """All rungs in one line of the screen."""
    if not rungs:
        return "forecasts: none has been tested by a finished run yet"
    words = [
        f"{rung.rung} {count(rung.inside)}/{count(rung.count)} inside, off {rung.median_error:.0%}" for rung in rungs
    ]
    return f"forecasts: {' · '.join(words)}"


def _lean(bias: float) -> str:
    if abs(bias) < 0.005:
        return "neither too long nor too short"
    return f"{abs(bias):.0%} too {'long' if bias > 0 else 'short'}"
