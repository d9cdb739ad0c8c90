"""Whether clipping comes between the backward pass and the step, on gradients as they are, and ever cuts."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, fault, fine
from .upon import found, upon

CODE = "optim.clip"
FEWEST = 3
ENOUGH_TO_TELL = 20
STRANGLED = 1000.0
"""Gradients that are always cut by more than this factor."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    places = report["places"]
    if not places:
        return fine("no gradient clipping is used that could be at the wrong place")
    findings = [finding for facts in places if (finding := _of_place(facts, evidence)) is not None]
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    if findings:
        return ask(*findings)
    return fine("gradients are clipped between the backward pass and the step")


def _of_place(facts: Json, evidence: Evidence) -> FindingDraft | None:
    calls, norms = facts["calls"], [norm for norm in facts["norms"] if 0 < norm < float("inf")]
    numbers = ({"limit": facts["limit"], "calls": calls, "norms": norms[:20]},)
    if calls >= FEWEST and facts["after_step"] * 10 >= calls * 9:
        return found(
            evidence,
            CODE,
            Severity.WARNING,
            f"gradients are clipped after the step: at {facts['after_step']} of {calls} calls the step had already used"
            " them, so nothing is ever clipped",
            facts["place"],
            numbers,
            "clip after backward() and before step()",
        )
    if calls >= FEWEST and facts["before_unscaling"] * 2 >= calls:
        return found(
            evidence,
            CODE,
            Severity.WARNING,
            f"gradients are clipped while they are still scaled: the scaler unscaled them after the clipping, at"
            f" {facts['before_unscaling']} of {calls} calls, so the limit {facts['limit']:g} holds for gradients times"
            " the loss scale",
            facts["place"],
            numbers,
            "call scaler.unscale_(optimizer) before clipping",
        )
    if len(norms) >= ENOUGH_TO_TELL and facts["limit"] > 0:
        return _of_norms(facts, norms, numbers, evidence)
    return None


def _of_norms(facts: Json, norms: list[float], numbers: tuple[Json, ...], evidence: Evidence) -> FindingDraft | None:
    limit = facts["limit"]
    if min(norms) > STRANGLED * limit:
        message = f"every gradient is cut by more than {STRANGLED:g}: norms from {min(norms):.3g}, limit {limit:g}"
        return found(evidence, CODE, Severity.INFO, message, facts["place"], numbers, "raise the limit")
    if max(norms) * 10 < limit < float("inf"):
        message = f"the clipping never came near to cut: norms up to {max(norms):.3g}, limit {limit:g}"
        fix = "lower the limit, or leave it out"
        return found(evidence, CODE, Severity.INFO, message, facts["place"], numbers, fix)
    return None


CLIPPING = Check(
    name="optim.clip",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are gradients clipped between the backward pass and the step?",
    needs=("observed.clipping",),
    uses=("torch",),
    evidence="how often gradients were clipped too late or while scaled, and their norms",
    fix="unscale, clip, step, in this order",
    judge=upon("clipping", "whether gradients are clipped in the right place", _judge),
)
