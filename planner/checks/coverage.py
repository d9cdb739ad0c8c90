"""Whether every row that was set aside for an evaluation was evaluated."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

METRIC, FILTERED = "eval.metric.subset", "data.filtered"
COVERAGE = "observed.coverage"


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, COVERAGE, "whether all evaluation rows are evaluated")
    if why is not None:
        return could_not_tell("whether all evaluation rows are evaluated: no whole evaluation of a known set was seen")
    everything = evidence.reports[COVERAGE]["evaluations"]
    fewer = {(one["file"], one["line"]): one for one in everything if one["why"]}
    if fewer:
        return fault(*(_finding(one, evidence) for one in fewer.values()))
    most = max(everything, key=lambda one: int(one["planned"]))
    return fine(f"all {most['planned']} rows of the evaluation set are evaluated")


_WORDS = {
    "drop_last": ("the loader drops the last, smaller batch", "drop_last=False for evaluation loaders"),
    "left": ("the evaluation's loop is left early", "evaluate every batch"),
    "first": ("only the first rows are taken", "evaluate every row"),
    "filtered": ("the others were taken out after the split", "evaluate every row that the split set aside"),
}


def _finding(one: Json, evidence: Evidence) -> FindingDraft:
    words, fix = _WORDS[one["why"]]
    file, split = evidence.shown(one["file"]), one["split_at"]
    row = {"file": file, "line": one["line"], "text": one["text"], "rows": one["rows"], "set_aside": one["planned"]}
    there = [] if split is None else [{"file": evidence.shown(split["file"]), "line": split["line"]}]
    code, severity = (FILTERED, Severity.ERROR) if one["why"] == "filtered" else (METRIC, Severity.WARNING)
    return FindingDraft(
        code, severity, f"{one['rows']} of {one['planned']} evaluation rows are evaluated: {words}",
        (row, *there), file, one["line"], fix,
    )  # fmt: skip


COVERAGE_OF_EVALUATION = Check(
    name="eval.metric.subset",
    codes=(METRIC, FILTERED),
    rung=RungName.OVERFIT,
    question="Are all rows evaluated that were set aside for it?",
    needs=(COVERAGE,),
    uses=("numpy",),
    evidence="rows evaluated and rows set aside",
    fix="evaluate every row",
    judge=_judge,
)
