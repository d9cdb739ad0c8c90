"""What an ended rung has verified, and what it leaves open, in words."""

from __future__ import annotations

from collections.abc import Mapping

from ..store.records import Json, RungName, RungStatus
from .judge import Verdict, what_rehearsal_showed
from .judge_dryrun import what_dryrun_showed
from .rungs import FACTS

Words = tuple[str, ...]


def what_rung_showed(rung: RungName, verdict: Verdict, reports: Mapping[str, Json]) -> tuple[Words, Words]:
    """``(verified, not verified)``: what the rung is for, and what its checks answered."""
    has_passed = verdict.status is RungStatus.PASSED
    shown, left = _by_passing(rung, reports) if has_passed else ((), FACTS[rung].verifies)
    return (*shown, *verdict.verified), (*left, *verdict.not_verified)


def _by_passing(rung: RungName, reports: Mapping[str, Json]) -> tuple[Words, Words]:
    match rung:
        case RungName.DRYRUN:
            return what_dryrun_showed(reports)
        case RungName.REHEARSAL:
            return what_rehearsal_showed(reports)
        case RungName.OVERFIT:
            return (), ()  # its checks say it
    return FACTS[rung].verifies, ()
