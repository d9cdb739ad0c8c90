"""Whether gradients are cleared once for each step, and not between backward and step.

Invariant: only loops are judged in which backward and step surely happen in every turn.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "optim.zero_grad"
_WORDS = {
    "never cleared": "gradients are never cleared, so every step uses the sum of all gradients so far",
    "cleared too rarely": "gradients are cleared outside of the loop that steps, so they pile up inside of it",
    "cleared before step": "gradients are cleared between backward and step, so the step uses none",
}


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    return CODE, Severity.ERROR, _WORDS[fact["kind"]], "call optimizer.zero_grad() right before each backward pass"


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Are gradients cleared once for each step?",
    kinds=tuple(_WORDS),
    looked="training order",
    words=_words,
    verified="gradients are cleared at a fitting place, as far as the code tells",
    evidence="the lines of backward, step and zero_grad",
    fix="call optimizer.zero_grad() right before each backward pass",
    uses=("torch",),
)
