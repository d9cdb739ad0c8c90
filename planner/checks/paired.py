"""Whether a loss or a fit gets the targets of the very rows that the model gets."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "data.misaligned.batch"
PAIRING = "observed.pairing"
MOSTLY = 0.7
"""Of what would be wrong if targets and rows had nothing to do with each other."""


def _judge(evidence: Evidence) -> Judgement:
    question = "whether each row has its own target"
    if why_not(evidence, PAIRING, question) is not None:
        return could_not_tell(f"{question}: no arrays were seen that batches of both are taken from")
    batches = evidence.reports[PAIRING]["batches"]
    apart = [one for one in batches if _is_apart(one)]
    if apart and len(apart) == len(batches):
        return fault(_finding(apart[0], len(apart), evidence))
    return fine(f"inputs and targets of {len(batches)} batches or fits stand at the same places of their arrays")


def _is_apart(one: Json) -> bool:
    return bool(one["apart"] and one["apart"] > MOSTLY * one["by_chance"] and not one["on_purpose"])


def _finding(one: Json, batches: int, evidence: Evidence) -> FindingDraft:
    place = one["place"] or {"file": "?", "line": None}
    file = evidence.shown(place["file"])
    shown = ("text", "name", "labels", "inputs_at", "targets_at", "apart", "rows")
    inputs, targets = (", ".join(map(str, one[key][:4])) for key in ("inputs_at", "targets_at"))
    return FindingDraft(
        CODE, Severity.ERROR,
        f"rows {inputs}, … of {one['name']} are learned with the targets at {targets}, … of {one['labels']}: "
        f"{one['apart']} of {one['rows']} rows get another row's target",
        ({"file": file, "line": place["line"], "batches": batches, **{key: one[key] for key in shown}},),
        file, place["line"], "take inputs and targets with the same indices",
    )  # fmt: skip


PAIRED = Check(
    name=CODE,
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Does the loss, or the fit, get each row's own target?",
    needs=(PAIRING,),
    uses=("numpy",),
    evidence="the places of a batch's inputs and of its targets in the arrays that they are taken from",
    fix="take inputs and targets with the same indices",
    judge=_judge,
)
