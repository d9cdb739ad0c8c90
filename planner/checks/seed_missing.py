"""Whether a program that draws at random sets a seed anywhere.

Invariant: worth knowing at most; two runs side by side tell whether it matters.
"""

from __future__ import annotations

from ...store.records import Json, Severity
from .pattern import pattern_check

CODE = "repro.seed"


def _words(fact: Json) -> tuple[str, Severity, str, str]:
    words = "the program draws at random, and no seed is set anywhere in it"
    return CODE, Severity.INFO, words, "call torch.manual_seed(…), or give random_state=…"


CHECK = pattern_check(
    name=f"{CODE}.written",
    codes=(CODE,),
    question="Is a seed set?",
    kinds=("no seed",),
    looked="seeds",
    words=_words,
    verified="the code sets a seed, or draws nothing at random",
    evidence="the first line that draws at random",
    fix="set a seed at the start",
)
