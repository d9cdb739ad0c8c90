"""Whether the rows that train a model still have the labels that they came with."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "data.misaligned"
ALIGNMENT = "observed.alignment"
RELATED = 0.3


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, ALIGNMENT, "whether rows are paired with their labels")
    if why is not None:
        words = "the training rows are not raw rows with raw labels"
        return could_not_tell(f"whether rows are paired with their labels: {words}")
    everything = evidence.reports[ALIGNMENT]["trainings"]
    apart = [one for one in everything if one["agreement"] < RELATED and not one["on_purpose"]]
    if apart and len(apart) == len(everything):
        return fault(_finding(apart[0], evidence))
    return fine(f"{max(one['pairs'] for one in everything)} training rows have the labels that they were loaded with")


def _finding(one: Json, evidence: Evidence) -> FindingDraft:
    place = one["place"] or {"file": "?", "line": None}
    file = evidence.shown(place["file"])
    row = {"file": file, "line": place["line"], **{key: one[key] for key in ("pairs", "agreement", "text")}}
    if one["by"] == "row":
        words = "have nothing to do with those that the same rows were loaded with"
    else:
        words = "have nothing to do with those of the rows nearest to them, which they did as they were loaded"
    return FindingDraft(
        CODE, Severity.ERROR,
        f"the labels of {one['pairs']} training rows {words} (agreement {one['agreement']:.2f} of 1)",
        (row,), file, place["line"], "reorder inputs and labels together, with the same order",
    )  # fmt: skip


MISALIGNED = Check(
    name="data.misaligned",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are training rows paired with their own labels?",
    needs=(ALIGNMENT,),
    uses=("numpy",),
    evidence="how far labels follow from those that the same rows were loaded with",
    fix="reorder inputs and labels together",
    judge=_judge,
)
