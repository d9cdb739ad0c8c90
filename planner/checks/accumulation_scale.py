"""Whether losses that are accumulated over several batches are divided by their number.

Invariant: at most a warning, because a learning rate may have been chosen for the sum.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "optim.accumulation"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    every = fact["names"]["every"]
    words = f"the gradients of {every} batches are added up without dividing the loss by {every}"
    return CODE, Severity.WARNING, words, f"divide the loss by {every} before backward"


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Are accumulated losses divided by the number of batches?",
    kinds=("accumulated unscaled",),
    looked="training order",
    words=_words,
    verified="no loss in the code is accumulated unscaled",
    evidence="the lines of backward and step",
    fix="divide the loss by the number of batches that are accumulated",
    uses=("torch",),
)
