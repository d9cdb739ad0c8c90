"""Whether an optimizer keeps its state from epoch to epoch, or is made anew for the same parameters."""

from __future__ import annotations

from collections import Counter

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, ask, fault, fine
from .upon import found, upon

CODE = "optim.schedule.remade"
OFTEN = 3
STATELESS = ("SGD", "ASGD")


def _judge(report: Json, evidence: Evidence) -> Judgement:
    made = report["made"]
    keys = Counter((one["first"], str(one["place"])) for one in made)
    (first, place), count = max(keys.items(), key=lambda item: item[1])
    if count < OFTEN:
        return fine("no optimizer is made anew for the same parameters")
    one = next(one for one in made if one["first"] == first and str(one["place"]) == place)
    alike = [other for other in report["optimizers"] if other["kind"] == one["kind"]]
    has_state = one["kind"] not in STATELESS or any(other["momentum"] for other in alike)
    message = (
        f"{one['kind']} is made anew {count} times for the same parameters"
        + (", and forgets its averages and its schedule each time" if has_state else "")
    )
    finding = found(
        evidence,
        CODE,
        Severity.WARNING if has_state else Severity.INFO,
        message,
        one["place"],
        ({"kind": one["kind"], "made": count},),
        "make the optimizer once, before the loop",
    )
    return fault(finding) if has_state else ask(finding)


REMADE = Check(
    name=CODE,
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Does each optimizer keep its state from epoch to epoch?",
    needs=("observed.updates",),
    uses=("torch",),
    evidence="how often it was made for the same parameters",
    fix="make it once, before the loop",
    judge=upon("updates", "whether optimizers keep their state", _judge),
)
