"""Whether a schedule is stepped, and by what its length is counted in.

Invariant: a schedule that left the code's sight is not judged.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "optim.schedule"
_WORDS = {
    "never scheduled": (Severity.ERROR, "{what} is made and never stepped", "call scheduler.step()"),
    "scheduled by epoch": (
        Severity.ERROR,
        "{what} is as long as all steps, and is stepped once an epoch: it hardly moves",
        "step it after every optimizer step, or count its length in epochs",
    ),
    "scheduled by step": (
        Severity.ERROR,
        "{what} is as long as the epochs, and is stepped after every batch: it is through after a few batches",
        "step it once an epoch, or count its length in steps",
    ),
    "scheduled before step": (
        Severity.WARNING,
        "{what} is stepped before the optimizer, so its first value is skipped",
        "step the optimizer first",
    ),
}  # fmt: skip


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    severity, words, fix = _WORDS[fact["kind"]]
    return CODE, severity, words.format(what=fact["names"]["what"]), fix


CHECK = pattern_check(
    name=CODE,
    codes=(CODE,),
    question="Is the learning rate's schedule stepped as it is counted?",
    kinds=tuple(_WORDS),
    looked="training order",
    words=_words,
    verified="every schedule in the code is stepped after the optimizer",
    evidence="the lines where the schedule is made and stepped",
    fix="step the schedule after the optimizer, by what its length is counted in",
    uses=("torch",),
)
