"""Whether the features of a forecast know of later rows."""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "data.leak.temporal"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    message = "a centred window makes a feature from rows after its own, which a forecast does not have yet"
    return CODE, Severity.WARNING, message, "leave center=True out, so that the window ends at its row"


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Are a forecast's features made from earlier rows only?",
    kinds=("window ahead",),
    looked="windows",
    words=_words,
    verified="no window that makes a feature reaches past its row",
    evidence="the line of the window",
    fix="let windows end at their row",
)
