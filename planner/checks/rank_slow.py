"""Does one rank keep the others waiting? Read from when each came to each collective, on the one clock of a machine.

Invariant: ranks that share a core come half a step apart; only being late by most of a step, nearly always, counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ...store.records import RungName, Severity
from ..diagnosis.fault_class import FaultClass
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rank_reports import RANKS, all_told, members

CODE = "dist.slow"
LATE_SHARE, LATE_SECONDS, NEARLY_ALWAYS = 0.7, 0.05, 0.8
"""Late by this part of a step, at least so many seconds, at so many of the steps."""
FEWEST_STEPS = 6
LOADER_SHARE = 0.5
"""A rank that waits for its loader for so much of its training loop is late because of it."""


def judge(evidence: Evidence) -> Judgement:
    """The rank that is last at a collective that comes with every step, nearly always and by most of a step."""
    ranks = members(evidence)
    if len(ranks) < 2 or not all_told(ranks, "collectives"):
        return could_not_tell("whether one rank keeps the others waiting: a rank ended before it could tell")
    sites = [arrivals for arrivals in _arrivals(ranks) if len(arrivals) >= FEWEST_STEPS]
    if not sites:
        return could_not_tell("whether one rank keeps the others waiting: too few collectives were timed")
    for arrivals in sites:
        step = statistics.median(max(after) - max(before) for before, after in pairwise(arrivals)) / 1e9
        for rank in range(len(ranks)):
            late = [_lateness(times, rank) for times in arrivals]
            enough = max(LATE_SHARE * step, LATE_SECONDS)
            if sum(seconds >= enough for seconds in late) >= NEARLY_ALWAYS * len(late):
                return fault(_slow(ranks, rank, statistics.median(late), step))
    return fine(f"no rank keeps the others waiting at {sum(map(len, sites))} collectives that were timed")


def _lateness(times: Sequence[int], rank: int) -> float:
    """Seconds that a rank came after the last of the others; negative where it was not the last."""
    return (times[rank] - max(at for other, at in enumerate(times) if other != rank)) / 1e9


def _arrivals(ranks: Sequence[Mapping[str, Any]]) -> list[list[list[int]]]:
    """For each call site, when each rank came to each of its calls."""
    by_number = [{(one["group"], one["sequence"]): one for one in rank["collectives"] if one["at"]} for rank in ranks]
    sites: dict[object, list[list[int]]] = {}
    for key, call in by_number[0].items():
        if all(key in calls for calls in by_number):
            site = tuple((frame["file"], frame["line"]) for frame in call["frames"])
            sites.setdefault(site, []).append([calls[key]["at"] for calls in by_number])
    return list(sites.values())


def _slow(ranks: Sequence[Mapping[str, Any]], rank: int, late: float, step: float) -> FindingDraft:
    shares = [_loader_share(one) for one in ranks]
    by_loader = shares[rank] >= LOADER_SHARE and shares[rank] > 1.5 * max(
        share for other, share in enumerate(shares) if other != rank
    )
    lies_in = FaultClass.LOADER if by_loader else FaultClass.CODE
    why = ": its data loader keeps it" if by_loader else ""
    return FindingDraft(
        CODE,
        Severity.WARNING,
        f"rank {rank} comes {late:.2f} s after the others to the collective of each step, of {step:.2f} s{why}",
        ({"ranks": [rank], "lies_in": str(lies_in), "late_seconds": round(late, 4), "step_seconds": round(step, 4)},),
        fix="look at what this rank alone does, or at the processor, disk or device that it alone has",
    )


def _loader_share(rank: Mapping[str, Any]) -> float:
    loops = [loop for loop in rank.get("loops") or () if loop.get("wall")]
    wall = sum(loop["wall"] for loop in loops)
    return sum(loop.get("wait") or 0.0 for loop in loops) / wall if wall else 0.0


RANK_SLOW = Check(
    name=CODE,
    codes=(CODE,),
    rung=RungName.REHEARSAL,
    question="Does one rank keep the others waiting?",
    needs=(RANKS,),
    uses=("torch",),
    evidence="by how much each rank comes later than the others to the collective of each step",
    fix="give every rank the same work",
    judge=judge,
)
