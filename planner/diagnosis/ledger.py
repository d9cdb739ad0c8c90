"""Which remedy to try next, given what was tried for the same evidence.

Invariant: nothing is proposed twice for the same evidence. When all was tried, the separating test is proposed, not
another attempt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...store.records import Outcome, Remedy
from .hypothesis import Hypothesis, Measure


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next."""

    next: Measure | None
    """The first remedy that was not tried; ``None`` when all were."""
    tried: tuple[Remedy, ...]
    untried: tuple[Measure, ...]

    @property
    def is_used_up(self) -> bool:
        """Whether only the test is left."""
        return self.next is None


def advise(cause: Hypothesis, tried: Iterable[Remedy]) -> Advice:
    """The next remedy; one that helped before is not proposed again either, since the same evidence is back."""
    attempts = tuple(tried)
    used = {_key(attempt.remedy) for attempt in attempts}
    untried = tuple(measure for measure in cause.measures if _key(measure.remedy) not in used)
    return Advice(untried[0] if untried else None, attempts, untried)


def ruled_out_by(tried: Iterable[Remedy]) -> tuple[str, ...]:
    """The hypotheses that attempts without effect speak against."""
    return tuple(attempt.hypothesis for attempt in tried if attempt.outcome is Outcome.DID_NOT_HELP)


def _key(remedy: str) -> str:
    return " ".join(remedy.casefold().split())
