"""Whether an evaluation has the same rows in every pass."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine

CODE = "eval.mode.augmentation"
SELECTION, DRAWN = "observed.selection", "observed.drawn_items"


def _judge(evidence: Evidence) -> Judgement:
    drawn = [one for one in evidence.reports[DRAWN].get("sets", ()) if one["different"]]
    if drawn:
        return fault(*(_of_items(one, evidence) for one in drawn))
    seen = [one for one in evidence.reports[SELECTION].get("random", ()) if one["passes"] > 1]
    if not seen:
        return could_not_tell("whether evaluation rows are the same in every pass: no two whole passes were seen")
    changing = {(one["file"], one["line"]): one for one in seen if one["different"] > 1}
    sure = [one for one in changing.values() if not one["tokens"] and one["steps"] == one["passes"]]
    if sure:
        return fault(*(_finding(one, Severity.WARNING, evidence) for one in sure))
    if changing:
        return ask(*(_finding(one, Severity.INFO, evidence) for one in changing.values()))
    most = max(int(one["passes"]) for one in seen)
    return fine(f"evaluation rows are the same in every pass ({most} passes)")


def _finding(one: Json, severity: Severity, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(one["file"])
    return FindingDraft(
        CODE, severity,
        f"the {one['rows']} evaluation rows are others in each pass over the same loader ({one['different']} different "
        f"sets in {one['passes']} passes): they are drawn or varied at random",
        ({**one, "file": file},), file, one["line"], "give the evaluation a data set without random variation",
    )  # fmt: skip


def _of_items(one: Json, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(one["file"])
    return FindingDraft(
        CODE, Severity.WARNING,
        f"{one['different']} of {one['items']} items of the evaluated data set are others each time that they are "
        "asked for, and keep their class: they are varied at random",
        ({**one, "file": file},), file, one["line"], "give the evaluation a data set without random variation",
    )  # fmt: skip


RANDOM_ROWS = Check(
    name="eval.mode.augmentation",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are evaluation rows the same in every pass?",
    needs=(SELECTION, DRAWN),
    uses=("torch",),
    evidence="how many different sets of rows the passes over one loader had",
    fix="no random variation in evaluation",
    judge=_judge,
)
