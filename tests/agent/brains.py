"""Models that the tests write: one that gives exactly the answers of a script, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlintern.tests.models import tiny

_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n§{{ messages|length }}§"
)
"""Ends the prompt with the number of turns, so that a model that only knows its last token knows where it is."""


def scripted(path: Path, answers: Sequence[str], *, context: int = 16384) -> Path:
    """A model whose answers are these, in this order; afterwards it says nothing."""
    marks = [f"§{2 * number}§" for number in range(1, len(answers) + 1)]
    table: dict[str | int, dict[str | int, float]] = {
        mark: {answer: 1.0} for mark, answer in zip(marks, answers, strict=True)
    }
    words = list(dict.fromkeys([*marks, *answers]))
    return tiny.write_scripted(path, words, table, template=_TEMPLATE, context=context)
