"""Whether gradients are cleared between steps, and there when a step needs them."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .upon import found, upon

CODE = "optim.zero_grad"
IN_A_ROW = 3
FEWEST_STEPS = 4


def _judge(report: Json, evidence: Evidence) -> Judgement:
    optimizers = [one for one in report["optimizers"] if not one["closure"]]
    findings = [finding for one in optimizers if (finding := _of_optimizer(one, evidence)) is not None]
    if findings:
        return fault(*findings)
    if all(one["steps"] < FEWEST_STEPS for one in optimizers):
        return could_not_tell("whether gradients are cleared between steps: too few steps were seen")
    return fine("gradients are cleared between steps, and there when a step uses them")


def _of_optimizer(one: Json, evidence: Evidence) -> FindingDraft | None:
    place = one["step_place"] or one["place"]
    numbers = ({"optimizer": one["kind"], "steps": one["steps"], "made": one["place"]},)
    if one["longest_carried"] >= IN_A_ROW and one["carried"] * 2 >= one["steps"]:
        message = (
            f"the gradients of {one['kind']} are not cleared: at {one['carried']} of {one['steps']} steps they still"
            " held those of the steps before, so each step follows the sum of all batches so far"
        )
        return found(
            evidence, CODE, Severity.ERROR, message, place, numbers, "call optimizer.zero_grad() before each backward()"
        )
    if one["longest_empty"] >= IN_A_ROW and one["empty"] * 2 >= one["steps"]:
        message = (
            f"{one['kind']} steps without gradients: at {one['empty']} of {one['steps']} steps all were zero or not"
            " there although a backward pass came before, so nothing is learned"
        )
        fix = "clear gradients before backward() or after step(), never between the two"
        return found(evidence, CODE, Severity.ERROR, message, place, numbers, fix)
    if one["idle"] >= IN_A_ROW and one["idle"] * 3 >= one["steps"]:
        message = (
            f"{one['kind']} steps again without a new backward pass: {one['idle']} of {one['steps']} steps used"
            " gradients that were used before"
        )
        return found(evidence, CODE, Severity.WARNING, message, place, numbers, "call step() once a backward pass")
    return None


ZERO_GRAD = Check(
    name="optim.zero_grad",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are gradients cleared between steps, and there when a step uses them?",
    needs=("observed.order",),
    uses=("torch",),
    evidence="how many steps used old gradients, or none",
    fix="zero_grad, backward, step, in this order",
    judge=upon("order", "whether gradients are cleared between steps", _judge),
)
