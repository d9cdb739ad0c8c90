"""Whether a step of several backward passes takes the mean of their losses, not the sum."""

from __future__ import annotations

from collections import Counter

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

CODE = "optim.accumulation"
FEWEST_STEPS = 2
UNSCALED = 0.02
"""How far from the loss function's own result an unscaled loss may lie."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    steps = report["steps"]
    passes, _ = Counter(step["passes"] for step in steps).most_common(1)[0]
    if passes == 1:
        return fine("each step uses one backward pass")
    same = [step for step in steps if step["passes"] > 1 and step["places"] == 1]
    if report["optimizers"] != 1 or len(same) * 2 < len(steps) or len(same) < FEWEST_STEPS:
        return could_not_tell("whether accumulated losses are scaled: a step's backward passes are not of one kind")
    ratios = [step["ratio"] for step in same if step["ratio"] is not None]
    if len(ratios) < FEWEST_STEPS:
        return could_not_tell("whether accumulated losses are scaled: what the loss function returned was not seen")
    if any(abs(ratio - 1.0) > UNSCALED for ratio in ratios):
        return fine(f"the losses of {passes} accumulated backward passes are scaled")
    message = (
        f"gradients of {passes} backward passes are added up for a step, but each loss is the mean over its own batch,"
        f" undivided: a step is {passes} times what one batch of that size would make"
    )
    numbers = ({"passes_per_step": passes, "loss_ratio": ratios[0], "steps": len(same), "optimizer": report["kinds"]},)
    fix = f"divide the loss by {passes} before backward()"
    if not same[-1]["by_the_script"]:
        return ask(found(evidence, CODE, Severity.INFO, message, same[-1]["place"], numbers))
    return fault(found(evidence, CODE, Severity.WARNING, message, same[-1]["place"], numbers, fix))


ACCUMULATION = Check(
    name="optim.accumulation",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are accumulated losses divided by their number?",
    needs=("observed.accumulation",),
    uses=("torch",),
    evidence="backward passes a step, and each loss relative to the loss function's result",
    fix="divide each loss by the number of accumulated batches",
    judge=upon("accumulation", "whether accumulated losses are scaled", _judge),
)
