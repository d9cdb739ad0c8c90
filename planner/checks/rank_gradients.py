"""Is a step that of one process with the same global batch? Read from the gradients of each rank, before and after they
are joined: the mean of the ranks' own gradients is the gradient of the global batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...store.records import RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rank_reports import RANKS, all_told, members

CODE = "dist.scale"
TOLERANCE = 1e-3
_WHAT = "whether a step is that of one process with the same global batch"


def judge(evidence: Evidence) -> Judgement:
    """Summed is told; what was clipped or scaled on the way cannot be compared."""
    ranks = members(evidence)
    if not all_told(ranks, "gradients"):
        return could_not_tell(f"{_WHAT}: a rank ended before it could tell")
    steps = list(zip(*(rank["gradients"] for rank in ranks), strict=False))
    answers = {_how([(own, joined) for _, own, joined in step]) for step in steps}
    if answers == {"summed"}:
        return fault(
            FindingDraft(
                CODE,
                Severity.WARNING,
                f"gradients are summed over {len(ranks)} ranks, not averaged: a step is {len(ranks)} times that of one"
                " process with the same global batch",
                tuple({"step": step[0][0], "own": [one[1] for one in step], "joined": step[0][2]} for step in steps),
                fix="divide the gradients by the number of ranks, unless the learning rate was chosen for their sum",
            )
        )
    if answers == {"averaged"}:
        return fine("gradients are averaged over the ranks, as one process with the same global batch would have them")
    if answers == {"joined inside"}:
        return fine("each step applies the same joined gradients on all ranks")
    return could_not_tell(f"{_WHAT}: gradients were changed between the backward pass and the step")


def _how(ranks: Sequence[tuple[float, float]]) -> str:
    """How one step's gradients were joined."""
    own, joined = [one for one, _ in ranks], ranks[0][1]
    if not all(_near(one, joined) for _, one in ranks):
        return "apart"
    if all(_near(one, joined) for one in own):
        return "joined inside"  # by DistributedDataParallel, which averages
    if _near(math.fsum(own) / len(own), joined):
        return "averaged"
    return "summed" if _near(math.fsum(own), joined) else "changed"


def _near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-9)


RANK_GRADIENTS = Check(
    name=CODE,
    codes=(CODE,),
    rung=RungName.REHEARSAL,
    question="Is a step that of one process with the same global batch?",
    needs=(RANKS,),
    uses=("torch",),
    evidence="a projection of each rank's gradients after its backward pass and before the step",
    fix="divide by the number of ranks",
    judge=judge,
)
