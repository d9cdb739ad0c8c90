"""Whether padding is kept out of the loss, and out of what the model says.

Invariant: a model that is not told where the padding is (by a mask or by lengths) was perhaps made so; it is asked.
"""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

LOSS, MIXED = "model.loss.padding", "model.batchmix.padding"
ENOUGH = 0.02
"""The share of padding from which on it counts in a mean."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    findings = [_of_loss(one, evidence) for one in report["losses"] if _is_counted(one)]
    findings += [_of_model(one, evidence) for one in report["models"] if one["moved"]]
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    if findings:
        return ask(*findings)
    if not report["losses"] and not report["models"]:
        return could_not_tell("whether padding is kept apart: no padded tokens were seen")
    return fine("padding is neither in the loss nor in what the model says")


def _is_counted(one: Json) -> bool:
    return bool(one["counted"] == one["padding"] and one["counted"] >= ENOUGH * one["targets"])


def _of_loss(one: Json, evidence: Evidence) -> FindingDraft:
    share = one["counted"] / one["targets"]
    message = (
        f"{share:.0%} of the targets in the loss are at padded positions (token {one['pad']}): the mean is over them"
        " too, and saying nothing is learned first"
    )
    fix = f"give the loss ignore_index={one['pad']}, or set the targets of padding to -100"
    return found(evidence, LOSS, Severity.WARNING, message, one["place"], (one,), fix)


def _of_model(one: Json, evidence: Evidence) -> FindingDraft:
    message = (
        f"what {one['model']} says of a row of {one['length']} tokens changes by up to {one['by']:.3g} with the padding"
        f" behind it: it depends on the longest row of its batch, {one['longest']} tokens"
    )
    if one["told"]:
        message += ", although the model is told where the padding is"
    severity = Severity.WARNING if one["told"] else Severity.INFO
    fix = "mask padding wherever positions meet: attention, means, maxima and the last state"
    return found(evidence, MIXED, severity, message, one["place"], (one,), fix)


PADDING = Check(
    name="model.loss.padding",
    codes=(LOSS, MIXED),
    rung=RungName.OVERFIT,
    question="Is padding kept out of the loss and out of what the model says?",
    needs=("observed.padding",),
    uses=("torch",),
    evidence="the share of padded targets, and how far a result moves when padding is taken away",
    fix="ignore padding in the loss, and mask it in the model",
    judge=upon("padding", "whether padding is kept apart", _judge),
)
