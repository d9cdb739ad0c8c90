"""Whether statistics were fitted on rows that are held out.

Invariant: an error names both lines, the fit and the split; a vocabulary or a range is only worth knowing.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "data.leak.preprocessing"
_FIX = "split first, fit on the training rows alone, and transform the others with what was fitted; a Pipeline does it"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    names = fact["names"]
    what, way = names["what"] or "a statistic", names["way"]
    if way == "refit":
        words = f"{what} is fitted again on the test rows, so training and test rows are scaled differently"
        return CODE, Severity.ERROR, words, "transform the test rows with what was fitted on the training rows"
    place = "before the folds are made" if way == "cross-validation" else "before the split"
    if names["fit"] == "vocabulary":
        return CODE, Severity.INFO, f"{what} learns its categories from all rows, {place}", _FIX
    if names["fit"] == "range":
        words = f"{what} is taken over all rows, {place}; harmless where the range is known, as for pixels"
        return CODE, Severity.INFO, words, "divide by the known range, or take it from the training rows"
    if names["fit"] == "group":
        return CODE, Severity.ERROR, f"the target's mean in each group is taken over all rows, {place}", _FIX
    if names["nested"]:
        words = f"{what} is fitted on all training rows, {place} of a validation part: only that part is not unseen"
        return CODE, Severity.INFO, words, _FIX
    severity = Severity.ERROR if fact["certainty"] == "surely" else Severity.WARNING
    verb = "selects by all rows" if names["fit"] == "selection" else "is fitted on all rows"
    return CODE, severity, f"{what} {verb}, {place}: the evaluation is not of unseen data", _FIX


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Was anything fitted on rows of the evaluation?",
    kinds=("fitted before split",),
    looked="leaks",
    words=_words,
    verified="no scaler, imputer, selector or statistic in the code is fitted on rows that are held out later",
    evidence="the line of the fit and the line of the split",
    fix=_FIX,
)
