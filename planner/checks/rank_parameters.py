"""Do all ranks hold the same parameters after a step? Read from hashes after the first steps and at the end."""

from __future__ import annotations

from ...store.records import RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rank_reports import RANKS, all_told, members

CODE = "dist.parameters"


def judge(evidence: Evidence) -> Judgement:
    """The first step after which they differ; ranks that hold parts (FSDP) are not compared."""
    ranks = members(evidence)
    if not all_told(ranks, "parameters"):
        return could_not_tell("whether the ranks' parameters stay equal: a rank ended before it could tell")
    if any(rank["sharded"] for rank in ranks):
        return could_not_tell("whether the ranks' parameters stay equal: each holds a part of its own (FSDP)")
    steps = [step for step in ranks[0]["parameters"] if all(step in rank["parameters"] for rank in ranks)]
    if not steps:
        return could_not_tell("whether the ranks' parameters stay equal: no optimizer step was seen on all of them")
    for step in steps:
        hashes = [rank["parameters"][step] for rank in ranks]
        if len(set(hashes)) > 1:
            return fault(_differs(step, hashes, ranks[0]["parameters"]))
    last = max((int(step) for step in steps if step.isdigit()), default=0)
    return fine(f"the parameters are equal on {len(ranks)} ranks after each of the first {last} steps")


def _differs(step: str, hashes: list[int], seen: dict[str, int]) -> FindingDraft:
    odd = [rank for rank, value in enumerate(hashes) if hashes.count(value) * 2 < len(hashes)]
    when = "at the end" if step == "end" else f"after step {step}"
    before = "from the first step on" if step == "1" else "though they were equal before"
    return FindingDraft(
        CODE,
        Severity.ERROR,
        f"the ranks hold different parameters {when}, {before}: each trains a model of its own",
        ({"step": step, "hashes": hashes, "ranks": odd},),
        fix="wrap the model in DistributedDataParallel before the first step, and change parameters on all ranks alike",
    )


RANK_PARAMETERS = Check(
    name=CODE,
    codes=(CODE,),
    rung=RungName.REHEARSAL,
    question="Do all ranks hold the same parameters after a step?",
    needs=(RANKS,),
    uses=("torch",),
    evidence="hashes of all parameters after the first steps and at the end",
    fix="wrap the model in DistributedDataParallel before the first step",
    judge=judge,
)
