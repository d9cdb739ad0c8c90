"""Whether gradients are clipped where it has an effect.

Invariant: only loops with one optimizer are judged.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "optim.clip"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    if fact["kind"] == "clipped after step":
        words = "gradients are clipped after the step, which has used them as they were"
        return CODE, Severity.ERROR, words, "clip between backward and step"
    severity = Severity.ERROR if fact["certainty"] == "surely" else Severity.WARNING
    words = "gradients are clipped while they are scaled, so the limit means another one at every scale"
    return CODE, severity, words, "call scaler.unscale_(optimizer) before clipping"


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Are gradients clipped between backward and step, unscaled?",
    kinds=("clipped after step", "clipped while scaled"),
    looked="training order",
    words=_words,
    verified="gradients are clipped before the step, where they are clipped",
    evidence="the lines of the clipping and of the step",
    fix="clip between backward and step, after unscaling",
    uses=("torch",),
)
