"""Does only one rank write each checkpoint?"""

from __future__ import annotations

from collections import Counter

from ...store.records import RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rank_reports import RANKS, all_told, members

CODE = "dist.checkpoint"


def judge(evidence: Evidence) -> Judgement:
    """One file that several ranks write is cut short or mixed when they come at once."""
    ranks = members(evidence)
    if not all_told(ranks, "saves"):
        return could_not_tell("who writes the checkpoints: a rank ended before it could tell")
    writers = Counter(path for rank in ranks for path in set(rank["saves"]))
    several = [path for path, count in writers.items() if count > 1]
    if several:
        shown = evidence.shown(several[0])
        return fault(
            FindingDraft(
                CODE,
                Severity.WARNING,
                f"{writers[several[0]]} ranks write the same checkpoint {shown}: one that is read meanwhile is broken",
                tuple({"path": evidence.shown(path), "writers": writers[path]} for path in several[:5]),
                fix="save on rank 0 alone, and let the others wait behind it (barrier) where they read it",
            )
        )
    if not writers:
        return could_not_tell("who writes the checkpoints: torch.save was not called with a path")
    return fine("no checkpoint is written by two ranks")


RANK_SAVES = Check(
    name=CODE,
    codes=(CODE,),
    rung=RungName.REHEARSAL,
    question="Does only one rank write each checkpoint?",
    needs=(RANKS,),
    uses=("torch",),
    evidence="the paths that each rank gave to torch.save",
    fix="save on rank 0 alone",
    judge=judge,
)
