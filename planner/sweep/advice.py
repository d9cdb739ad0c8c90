"""Whether more of a sweep is worth what it costs, and what more would bring.

Invariant: advice, never a decision. It is given where enough was tried to tell, and says what it rests on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..noise import Floor

_LEAST_TRIALS = 12
_TRIALS_PER_PARAMETER = 4


@dataclass(frozen=True, slots=True)
class Advice:
    """A word on whether to go on."""

    stop: bool
    words: str


def advise(bests: Sequence[float], *, parameters: int, floor: Floor | None, left_trials: int) -> Advice | None:
    """``bests`` is the best value after each configuration, higher is better; ``None`` while it is too early to tell.

    What more would bring is read from what the last third brought: a search that finds less and less finds less still.
    """
    enough = max(_LEAST_TRIALS, _TRIALS_PER_PARAMETER * parameters)
    if len(bests) < enough:
        return None
    window = len(bests) // 3
    gain = bests[-1] - bests[-1 - window]
    expected = gain * min(1.0, left_trials / window) if window else 0.0
    if gain <= 0:
        return Advice(True, f"the last {window} configurations found nothing better: more is not worth it")
    if floor is not None and gain < floor.deviation:
        seed = f"less than a seed changes ({floor.deviation:.3g})"
        return Advice(True, f"the last {window} configurations gained {gain:.3g}, {seed}")
    return Advice(False, f"the last {window} configurations gained {gain:.3g}; the rest may bring {expected:.2g} more")
