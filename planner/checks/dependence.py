"""Whether the rows of a batch stay apart, and whether a position sees its own target.

Invariant: only a model whose targets are its inputs moved on is asked whether it reads ahead: others may.
"""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

MIXED, CAUSAL = "model.batchmix", "model.causal"


def _judge_rows(report: Json, evidence: Evidence) -> Judgement:
    asked = [one for one in report["models"] if "mixed" in one["rows"]]
    findings = [
        found(
            evidence,
            MIXED,
            Severity.ERROR,
            f"in {one['model']} the rows of a batch influence one another: changing the last of"
            f" {one['rows']['size']} rows changed the outputs of the others, in evaluation mode",
            one["place"],
            (one["rows"],),
            "look for a mean, norm, softmax, reshape or transpose over the batch axis in forward()",
        )
        for one in asked
        if one["rows"]["mixed"]
    ]
    if findings:
        return fault(*findings)
    if not asked:
        why = next((one["rows"].get("could_not") for one in report["models"]), "no model was called with a batch")
        return could_not_tell(f"whether the rows of a batch stay apart: {why}")
    return fine("the rows of a batch do not influence one another")


def _judge_causal(report: Json, evidence: Evidence) -> Judgement:
    asked = [one for one in report["models"] if one["shift"] is not None]
    if not asked:
        return fine("no model predicts its own next input, so none can see its target that way")
    findings = [finding for one in asked if (finding := _of_model(one, evidence)) is not None]
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    if findings:
        return ask(*findings)
    if not any((one.get("reads_ahead") or {}).get("later_moved") for one in asked):
        return could_not_tell("whether a position sees its own target: the model could not be tried")
    return fine("no position sees its own target")


def _of_model(one: Json, evidence: Evidence) -> FindingDraft | None:
    shift, tried = one["shift"], one.get("reads_ahead") or {}
    numbers = ({"shares": shift["shares"], **tried},)
    if shift["by"] == 1 and tried.get("earlier_moved") and tried.get("later_moved"):
        message = (
            f"{one['model']} predicts the next token, but sees it: changing the tokens from position"
            f" {tried['position']} on changed what it says of those before (by up to {tried['by']:.3g})"
        )
        fix = "mask every position from the ones after it, and keep the head axis apart when reshaping"
        return found(evidence, CAUSAL, Severity.ERROR, message, one["place"], numbers, fix)
    if shift["by"] == 0:
        is_causal = bool(tried.get("later_moved")) and not tried.get("earlier_moved")
        message = (
            f"{shift['shares'][0]:.0%} of the targets are the input at the same position: {one['model']} learns to copy"
            + ("" if is_causal else "; is that meant so?")
        )
        severity = Severity.ERROR if is_causal else Severity.INFO
        fix = "move the targets on by one position"
        return found(evidence, CAUSAL, severity, message, shift["place"], numbers, fix)
    if shift["by"] == 2:
        message = (
            f"{shift['shares'][2]:.0%} of the targets are the input two positions on: the shift is made twice, as by a"
            " model that shifts its labels itself"
        )
        return found(evidence, CAUSAL, Severity.ERROR, message, shift["place"], numbers, "shift the targets once")
    return None


ROWS = Check(
    name="model.batchmix",
    codes=(MIXED,),
    rung=RungName.OVERFIT,
    question="Do the rows of a batch stay apart?",
    needs=("observed.dependence",),
    uses=("torch",),
    evidence="what changed in other rows when one was changed",
    fix="reduce over other axes than the batch",
    judge=upon("dependence", "whether the rows of a batch stay apart", _judge_rows),
)
POSITIONS = Check(
    name="model.causal",
    codes=(CAUSAL,),
    rung=RungName.OVERFIT,
    question="Is no position told its own target?",
    needs=("observed.dependence",),
    uses=("torch",),
    evidence="what changed before a position when the tokens after it were changed",
    fix="mask the future, and shift the targets once",
    judge=upon("dependence", "whether a position sees its own target", _judge_causal),
)
