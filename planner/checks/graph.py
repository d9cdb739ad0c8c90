"""Whether the autograd graph of past steps is let go."""

from __future__ import annotations

from itertools import pairwise

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .upon import found, upon

CODE = "memory.leak"
FEWEST_LOOKS = 6
IN_A_ROW = 6
"""So many looks in a row must each find more than the one before."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    if report["looks"] <= FEWEST_LOOKS:
        return could_not_tell("whether graphs of past steps are let go: too few steps were seen")
    growing = {name: counts for name, counts in report["variables"].items() if _grows(counts)}
    if not growing:
        return fine("no variable holds the graphs of past steps")
    name, counts = max(growing.items(), key=lambda item: item[1][-1])
    message = (
        f"`{name}` holds the graph of every past step: from {min(counts)} to {max(counts)} nodes in {len(counts)}"
        " steps, so memory grows with each step"
    )
    fix = f"add loss.item() or loss.detach() to `{name}`, not the loss itself"
    numbers = ({"variable": name, "nodes": counts},)
    return fault(found(evidence, CODE, Severity.WARNING, message, report["place"], numbers, fix))


def _grows(counts: list[int]) -> bool:
    """Whether it only ever grew, alike, over enough looks in a row."""
    run = 0
    for earlier, later in pairwise(counts):
        run = run + 1 if later > earlier > 0 else 0
        if run >= IN_A_ROW:
            return True
    return False


GRAPH = Check(
    name="memory.leak",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are the graphs of past steps let go?",
    needs=("observed.graphs",),
    uses=("torch",),
    evidence="the graph nodes behind a variable, step by step",
    fix="keep numbers, not tensors with a graph",
    judge=upon("graphs", "whether graphs of past steps are let go", _judge),
)
