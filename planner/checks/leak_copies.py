"""Whether rows are copied before they are split, so that copies end up on both sides.

Invariant: an error names the line that copies and the line that splits.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "data.leak.overlap"
_FIX = "split first, and oversample or augment the training rows alone"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    severity = Severity.ERROR if fact["certainty"] == "surely" and not fact["names"]["nested"] else Severity.WARNING
    return CODE, severity, "rows are copied before the split, so copies of one row are on both sides", _FIX


CHECK = pattern_check(
    name=f"{CODE}.copies",
    codes=(CODE,),
    question="Are rows copied, oversampled or augmented before the split?",
    kinds=("copied before split",),
    looked="leaks",
    words=_words,
    verified="no rows in the code are copied or oversampled before they are split",
    evidence="the line that copies and the line that splits",
    fix=_FIX,
)
