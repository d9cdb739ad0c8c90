"""Whether a loss gets logits, probabilities or log-probabilities as it wants.

Invariant: an error needs the last operation before the loss to be certain.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "model.loss"
_MADE = {"softmax": "softmax", "sigmoid": "sigmoid", "linear": "a linear layer"}
_WANTS = {"NLLLoss": "log-probabilities", "nll_loss": "log-probabilities", "BCELoss": "probabilities",
          "binary_cross_entropy": "probabilities"}  # fmt: skip


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    loss, activation = fact["names"]["loss"], fact["names"]["activation"]
    wants = _WANTS.get(loss, "logits")
    words = f"{loss} wants {wants}, and gets the output of {_MADE[activation]}"
    fix = "give it the logits: leave the activation out of the model" if wants == "logits" else f"give it {wants}"
    return CODE, Severity.ERROR, words, fix


CHECK = pattern_check(
    name=f"{CODE}.input",
    codes=(CODE,),
    question="Does the loss get what it wants: logits, or probabilities?",
    kinds=("wrong input",),
    looked="metrics",
    words=_words,
    verified="no loss in the code surely gets probabilities for logits, or the other way round",
    evidence="the line of the loss",
    fix="leave the activation out, or use the loss that fits it",
    uses=("torch",),
)
