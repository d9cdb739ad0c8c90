"""Whether the loss gets the targets of the very rows that the model got."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "data.misaligned"
PAIRING = "observed.pairing"
MOSTLY = 0.5


def _judge(evidence: Evidence) -> Judgement:
    question = "whether the loss gets each row's own target"
    if why_not(evidence, PAIRING, question) is not None:
        return could_not_tell(f"{question}: no arrays were seen that batches of both are taken from")
    batches = evidence.reports[PAIRING]["batches"]
    apart = [one for one in batches if one["apart"] > MOSTLY * one["rows"]]
    if apart and len(apart) == len(batches):
        return fault(_finding(apart[0], len(apart), evidence))
    return fine(f"inputs and targets of {len(batches)} batches stand at the same places of their arrays")


def _finding(one: Json, batches: int, evidence: Evidence) -> FindingDraft:
    place = one["place"] or {"file": "?", "line": None}
    file = evidence.shown(place["file"])
    shown = ("text", "name", "labels", "inputs_at", "targets_at", "apart", "rows")
    inputs, targets = (", ".join(map(str, one[key][:4])) for key in ("inputs_at", "targets_at"))
    return FindingDraft(
        CODE, Severity.ERROR,
        f"the loss compares the answers for rows {inputs}, … of {one['name']} with the targets at {targets}, … of "
        f"{one['labels']}: {one['apart']} of {one['rows']} rows of a batch get another row's target",
        ({"file": file, "line": place["line"], "batches": batches, **{key: one[key] for key in shown}},),
        file, place["line"], "take inputs and targets with the same indices",
    )  # fmt: skip


PAIRED = Check(
    name="data.misaligned.batch",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Does the loss get each row's own target?",
    needs=(PAIRING,),
    uses=("torch", "numpy"),
    evidence="the places of a batch's inputs and of its targets in the arrays that they are taken from",
    fix="take inputs and targets with the same indices",
    judge=_judge,
)
