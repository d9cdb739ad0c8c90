"""Whether a metric gets what it is made for, on all rows of its split.

Invariant: an evaluation that is cut on purpose by a setting is only worth knowing.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "eval.metric"
_FIX = "give the true labels first and the predictions second, and evaluate every row of the split"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    names = fact["names"]
    if fact["kind"] == "swapped arguments":
        return CODE, Severity.ERROR, f"{names['what']} gets the predictions first", "give the true labels first"
    if fact["kind"] == "ranking of classes":
        words = f"{names['what']} gets predicted classes, where it ranks scores"
        return CODE, Severity.ERROR, words, "give predict_proba(…)[:, 1] or decision_function(…)"
    if fact["kind"] == "last batch dropped":
        words = "the loader of the test split drops its last batch, so some rows are not evaluated"
        return CODE, Severity.WARNING, words, "leave drop_last out for evaluation"
    if fact["kind"] == "largest over rows":
        words = f"the largest is sought over rows, not classes, and compared with some of the {names['role']} labels"
        return CODE, Severity.ERROR, words, "take the largest along the classes (axis=1), and compare all rows"
    severity = Severity.INFO
    if names["role"] == "test" and fact["certainty"] == "surely":
        severity = Severity.ERROR
    words = f"the evaluation ends before the {names['role']} split does, so its number is of a part of the rows"
    return CODE, severity, words, "evaluate every batch, or name the number after the part that it is of"


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Does every metric get what it is made for?",
    kinds=("swapped arguments", "ranking of classes", "last batch dropped", "evaluation cut", "largest over rows"),
    looked="metrics",
    words=_words,
    verified="the metrics that the code calls get labels and predictions in their order",
    evidence="the line of the metric or of the evaluation's loop",
    fix=_FIX,
)
