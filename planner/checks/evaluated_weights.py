"""Whether what is evaluated is what was trained.

Invariant: only where the last thing that is evaluated is a model of the trained one's kind with weights from before the
training is anything said; a comparison with an untrained model that is followed by the trained one is sound.
"""

from __future__ import annotations

from itertools import pairwise

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .upon import found, upon

CODE = "model.frozen.evaluated"


def _judge(report: Json, evidence: Evidence) -> Judgement:
    apart = [one for one in report["models"] if _in_rows(one["steps"])]
    if not apart:
        return could_not_tell("whether the evaluated weights are the trained ones: no evaluation after a step was seen")
    wrong = [one for one in apart if _is_untrained(one)]
    if not wrong:
        return fine("what is evaluated last has been trained")
    one = wrong[0]
    is_sure = one["random"] and not any(other["trained"] for other in apart)
    whose = "random ones" if one["random"] else "those that the trained one began with"
    message = (
        f"the {one['kind']} that is evaluated is not the one that is trained: after {one['steps'][-1]} steps its"
        f" weights are still {whose}"
    )
    fix = "evaluate the trained model, load its weights into this one, or bring its average forward after each step"
    severity = Severity.ERROR if is_sure else Severity.WARNING
    return fault(found(evidence, CODE, severity, message, one["place"], (one,), fix))


def _is_untrained(one: Json) -> bool:
    is_old = (one["random"] or one["as_begun"]) and not one["changed"]
    return bool(one["last"] and one["like_trained"] and not one["trained"] and is_old)


def _in_rows(steps: list[int]) -> bool:
    """Whether the calls come apart from the steps, not with every one of them."""
    gaps = [later - earlier for earlier, later in pairwise(steps)]
    return sum(gaps) >= 2 * len(gaps)


EVALUATED_WEIGHTS = Check(
    name="model.frozen.evaluated",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are the weights that are evaluated the trained ones?",
    needs=("observed.evaluated_weights",),
    uses=("torch",),
    evidence="the place of the evaluation, and whether its weights changed since before the training",
    fix="evaluate the trained model",
    judge=upon("evaluated_weights", "whether the evaluated weights are the trained ones", _judge),
)
