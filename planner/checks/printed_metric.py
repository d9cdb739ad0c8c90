"""Whether a printed accuracy is the share of right answers, or the mean of unequal batches' shares."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "eval.metric"
PRINTED = "observed.printed"


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, PRINTED, "whether the printed accuracy is the true one")
    if why is not None:
        return could_not_tell(why)
    found = evidence.reports[PRINTED].get("found", ())
    wrong = {(one["file"], one["line"]): one for one in found if one["kind"] != "true"}
    if wrong:
        return fault(*(_finding(one, evidence) for one in wrong.values()))
    if not found:
        return could_not_tell("whether the printed accuracy is the true one: none could be computed again")
    return fine(f"the printed accuracy is the share of right answers among {found[-1]['rows']} rows")


def _finding(one: Json, evidence: Evidence) -> FindingDraft:
    place = one["printed_at"] or {"file": one["file"], "line": one["line"]}
    file = evidence.shown(place["file"])
    rows = (
        {"file": file, "line": place["line"], "printed": one["printed"], "name": one["name"]},
        {"file": evidence.shown(one["file"]), "line": one["line"], "share_of_right_answers": one["true"],
         "mean_of_batches": one["mean"], "rows": one["rows"], "batches": one["batches"]},
    )  # fmt: skip
    return FindingDraft(
        CODE, Severity.ERROR,
        f"the printed accuracy {one['printed']:.4f} is the mean over {one['batches']} batches of unequal size; "
        f"of the {one['rows']} rows {one['true']:.4f} are answered right",
        rows, file, place["line"], "count right answers and rows, and divide once at the end",
    )  # fmt: skip


PRINTED_METRIC = Check(
    name="eval.metric.printed.accuracy",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Is the printed accuracy the share of right answers?",
    needs=(PRINTED,),
    uses=("torch",),
    evidence="the printed number beside the definitions computed from the answers",
    fix="divide once at the end",
    judge=_judge,
)
