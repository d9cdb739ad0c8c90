"""Whether training batches hold rows of one class after the other."""

from __future__ import annotations

from ...store.records import RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "data.unshuffled"
ORDER = "observed.label_order"
FEWEST_BATCHES = 6
SORTED = 0.5
"""From here on, of the way from mixed batches to batches of one class."""


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, ORDER, "whether the training data is shuffled")
    if why is not None:
        return could_not_tell("whether the training data is shuffled: no batches with classes as labels were seen")
    report = evidence.reports[ORDER]
    pooled, within = float(report["pooled"]), float(report["within"])
    if report["batches"] < FEWEST_BATCHES or report["classes"] < 2 or pooled > 0.95:
        return could_not_tell("whether the training data is shuffled: too few batches or classes were seen")
    if within - pooled < SORTED * (1 - pooled):
        return fine(f"the labels of {report['batches']} training batches are mixed as all labels together are")
    place = report["place"] or {"file": "?", "line": None}
    file = evidence.shown(place["file"])
    seen = {key: report[key] for key in ("batches", "classes", "pooled", "within", "first")}
    row = {"file": file, "line": place["line"], **seen}
    return fault(
        FindingDraft(
            CODE, Severity.WARNING,
            f"two rows of a training batch have the same label in {within:.0%} of cases, and in {pooled:.0%} over all "
            f"{report['batches']} batches: the rows are sorted by label and not shuffled",
            (row,), file, place["line"], "shuffle=True, or draw the order anew for every epoch",
        )
    )  # fmt: skip


UNSHUFFLED = Check(
    name="data.unshuffled",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are training rows shuffled?",
    needs=(ORDER,),
    uses=("numpy",),
    evidence="how alike labels are within batches and over all of them",
    fix="shuffle the training rows",
    judge=_judge,
)
