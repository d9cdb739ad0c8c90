"""Whether metrics were called with what they are for, and are what their printed names say."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "eval.metric"
CALLS = "observed.metric_calls"
SYMMETRIC = {"accuracy_score", "cohen_kappa_score", "matthews_corrcoef", "mean_absolute_error", "mean_squared_error"}
SYMMETRIC |= {"root_mean_squared_error"}
RANKING = {"roc_auc_score", "average_precision_score"}
AVERAGES = {"macro", "micro", "weighted"}
OWN_WORDS = {
    "f1_score": {"f", "fscore"}, "precision_score": {"precision", "prec"}, "recall_score": {"recall", "sensitivity"},
    "roc_auc_score": {"auc", "roc", "auroc"}, "r2_score": {"r"}, "balanced_accuracy_score": {"balanced", "bal"},
}  # fmt: skip


def _judge(evidence: Evidence) -> Judgement:
    question = "whether metrics are what their names say"
    why = why_not(evidence, CALLS, question)
    if why is not None:
        return could_not_tell(f"{question}: no metric of scikit-learn was called" if "nothing was" in why else why)
    calls = evidence.reports[CALLS]["calls"]
    found: dict[tuple[str, int], FindingDraft] = {}
    for call in calls:
        wrong = _wrong(call)
        if wrong is not None:
            found.setdefault((call["file"], call["line"]), _finding(call, *wrong, evidence))
    if found:
        return fault(*found.values())
    return fine(f"the arguments of {evidence.reports[CALLS]['count']} calls of metrics are in their places")


def blamed_lines(evidence: Evidence) -> set[tuple[str, int]]:
    """The lines whose calls of metrics this check holds against."""
    calls = evidence.reports.get(CALLS, {}).get("calls", ())
    return {(str(call["file"]), int(call["line"])) for call in calls if _wrong(call) is not None}


def _wrong(call: Json) -> tuple[Severity, str, str] | None:
    name, words, average = call["name"], set(call["words"]), call["average"]
    if call["swapped"] and name not in SYMMETRIC:
        words_ = f"{name} is given the predictions first and the true labels second: precision and recall, errors and "
        return Severity.ERROR, words_ + "scores come out for exchanged roles", f"call {name}(y_true, y_pred)"
    if name in RANKING and call["hard"]:
        words_ = f"{name} ranks rows by a score, and is given {call['rows']} predictions of only two values"
        return Severity.WARNING, words_, "pass predict_proba(…)[:, 1] or decision_function(…)"
    said = words & AVERAGES
    if isinstance(average, str) and average in AVERAGES and len(said) == 1 and average not in said:
        words_ = f"{name} averages with {average!r}, and is called {said.pop()}"
        return Severity.ERROR, words_, "use the averaging that the name says"
    if words & {"accuracy", "acc"} and name in OWN_WORDS and not words & OWN_WORDS[name]:
        return Severity.ERROR, f"what is called accuracy is {name}", "call it by its name, or use accuracy_score"
    if call["of_more"]:
        more = call["of_more"] + (call["rows"] or 0)
        return Severity.ERROR, f"{name} is of {call['rows']} of {more} predictions", "score all rows"
    return None


def _finding(call: Json, severity: Severity, words: str, fix: str, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(call["file"])
    row = {"file": file, "line": call["line"], "text": call["text"], "metric": call["name"], "rows": call["rows"]}
    return FindingDraft(CODE, severity, words, (row,), file, call["line"], fix)


METRIC_CALLS = Check(
    name="eval.metric.calls.sklearn",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are metrics given what they are for, and called what they are?",
    needs=(CALLS,),
    uses=("sklearn",),
    evidence="the call, its arguments and its printed name",
    fix="put the arguments in their places",
    judge=_judge,
)
