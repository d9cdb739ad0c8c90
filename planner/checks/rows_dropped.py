"""Whether rows of the test split are dropped before it is evaluated.

Invariant: only dropping by what the model said is an error; any other filter may be a definition of the task, unless
the training rows are left as they are.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "data.filtered"
_FIX = "evaluate on every row of the test split, or filter the data before it is split and say so"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    name = fact["names"]["name"]
    if fact["names"]["by_prediction"]:
        return CODE, Severity.ERROR, f"rows of {name} are dropped by what the model says about them", _FIX
    if fact["names"]["only_here"]:
        words = f"rows of {name} are dropped after the split, and the training rows are not"
        return CODE, Severity.WARNING, words, _FIX
    return CODE, Severity.INFO, f"rows of {name} are dropped after the split", _FIX


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Are rows of the test split dropped?",
    kinds=("test rows dropped",),
    looked="dropped rows",
    words=_words,
    verified="no line in the code drops rows of the test split",
    evidence="the line that drops rows",
    fix=_FIX,
)
