"""Does the training wait for its data? Read from the times of the rehearsal's steps.

What the same steps would take on a batch that is already there is their time without the waiting.
"""

from __future__ import annotations

from ...store.records import RungName, Severity
from ..extrapolate import turns_of
from ..finding import FindingDraft
from ..looptree import LoopNode, LoopTreeError, parse
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine

CODE = "loader.slow"
MUCH = 0.5
"""From this share of its time on, a training that waits for its loader is slowed down by it …"""
NOTICED_SECONDS, LONG_SECONDS = 60.0, 600.0
"""… which matters where so much waiting is ahead: worth knowing, or likely harmful."""
LEAST_STEPS = 5
HEAVY_SHARE, HEAVY_SECONDS, HEAVY_AHEAD = 0.6, 0.01, 10.0
"""A training that waits for most of its time, for longer a batch than the fetching of rows that are there takes, is
warned of less waiting ahead."""


def judge(evidence: Evidence) -> Judgement:
    """Slow is what costs time in the full run, not a share alone: a tiny model always waits."""
    try:
        tree = parse(evidence.reports["loops"]["tree"])
    except LoopTreeError as problem:
        return could_not_tell(f"whether training waits for its data: {problem}")
    loops = [node for node in tree.walk() if node.role == "train" and node.iterations >= LEAST_STEPS and node.wait > 0]
    if not loops:
        return fine("no training loop waits for a data loader")
    worst = max(loops, key=_waiting)
    share, ahead = _waiting(worst), _seconds_ahead(worst, tree)
    is_heavy = _is_heavy(worst, ahead)
    if not is_heavy and (share < MUCH or ahead < NOTICED_SECONDS):
        return fine(f"training at {worst.place} waits for data {share:.0%} of its time")
    return fault(_finding(worst, share, ahead, is_heavy=is_heavy))


def _waiting(node: LoopNode) -> float:
    wall = node.self_wall
    return min(1.0, node.wait / wall) if wall > 0 else 0.0


def _seconds_ahead(node: LoopNode, tree: LoopNode) -> float:
    """What the waiting of the full run comes to; of the turns that are sure, where nobody can know all."""
    turns = turns_of(tree, str(node.file), node.line) if node.line is not None else None
    return node.wait / max(1, node.iterations) * max(turns or 0.0, float(node.planned_sum))


def _is_heavy(node: LoopNode, ahead: float) -> bool:
    a_batch = node.wait / max(1, node.iterations)
    return _waiting(node) >= HEAVY_SHARE and a_batch >= HEAVY_SECONDS and ahead >= HEAVY_AHEAD


def _finding(node: LoopNode, share: float, ahead: float, *, is_heavy: bool) -> FindingDraft:
    severity = Severity.WARNING if ahead >= LONG_SECONDS or is_heavy else Severity.INFO
    workers = 0 if node.workers is None else node.workers.count
    faster = 1 / max(1e-3, 1 - share)
    fix = "more workers (num_workers), less work a sample, or what is prepared once and kept"
    if not workers:
        fix = "load in workers (num_workers=2 or more), do less a sample, or prepare once and keep it"
    return FindingDraft(
        CODE, severity,
        f"training waits for data {share:.0%} of its time, about {ahead:,.0f} s of the full run; on batches that are"
        f" there the same steps would be {faster:.1f} times as fast",
        ({"waiting_seconds": round(node.wait, 3), "all_seconds": round(node.self_wall, 3), "steps": node.iterations,
          "workers": workers},),
        node.file, node.line, fix,
    )  # fmt: skip


CHECK = Check(
    name="loader.slow",
    codes=(CODE,),
    rung=RungName.REHEARSAL,
    question="Does the training wait for its data?",
    needs=("loops",),
    uses=("torch",),
    evidence="the seconds that the steps waited, of all their seconds",
    fix="more workers, or less work a sample",
    judge=judge,
)
