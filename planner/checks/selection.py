"""Whether the test split chooses an epoch, a stop, a threshold or a configuration.

Invariant: watching the test split without choosing by it is only worth knowing.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "eval.selection"
_FIX = "choose on a validation split that is taken from the training rows, and read the test split once, at the end"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    way = fact["names"]["way"]
    if fact["kind"] == "watched on test":
        return CODE, Severity.INFO, f"the test split is watched in training ({way}); nothing is chosen by it", _FIX
    if fact["kind"] == "steered by test":
        return CODE, Severity.WARNING, "the learning rate follows the loss on the test split", _FIX
    words = f"the test split chooses ({way}), so its result is too good"
    return CODE, Severity.ERROR if fact["certainty"] == "surely" else Severity.INFO, words, _FIX


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Does the test split choose anything?",
    kinds=("chosen on test", "watched on test", "steered by test"),
    looked="selection",
    words=_words,
    verified="nothing in the code is chosen by what it calls the test split",
    evidence="the line that chooses and the line where the test split comes from",
    fix=_FIX,
)
