"""Scripted answers of a second reader: right ones, and the mistakes that language models make.

For every value of the truth it proposes the first passage that holds it; beside these stand an invented quote, a
changed value, a value
without its unit of text, another's value with its true quote, and what is no item at all.
"""

from __future__ import annotations

import re
from typing import Any

from mlintern.planner.reading.document import Document
from mlintern.planner.reading.numbers import Number, numbers
from mlintern.planner.reading.sentences import statements


def answer(document: Document, truth: dict[str, Any]) -> dict[str, Any]:
    """An answer in the form of ``read --json``."""
    passages = [document.quote(one.start, one.end)[0] for one in statements(document) if one.words.strip()]
    read = [[one.value for one in numbers(document.view.text[one_.start : one_.end]) if isinstance(one, Number)]
            for one_ in statements(document) if one_.words.strip()]  # fmt: skip
    found = []
    for name, value, *whom in truth["hyperparameters"]:
        quote = _passage(passages, read, value)
        found.append(
            {"name": name.split("|")[0], "value": value, "quote": quote, "applies_to": whom[0] if whom else None}
        )
    targets = [
        {
            "metric": metric.split("|")[0], "value": value, "quote": _passage(passages, read, value)
        } for metric, value in truth["targets"]
    ]
    return {"hyperparameters": [*found, *mistakes(passages)], "targets": targets, "requirements": []}


def mistakes(passages: list[str]) -> list[Any]:
    """What must be refused."""
    long = max(passages, key=len)
    return [
        {"name": "momentum", "value": 0.9, "quote": "We use a momentum of 0.9 as is common practice."},
        {"name": "learning_rate", "value": 0.123456, "quote": long},
        {"name": "optimizer", "value": "Adadelta", "quote": long},
        {"name": "Batch Size", "value": 32, "quote": long},
        {"name": "dropout", "value": float("nan"), "quote": long},
        {"name": "epochs", "value": 7, "quote": ""},
        "learning_rate = 0.1",
    ]


def _passage(passages: list[str], read: list[list[float]], value: Any) -> str:
    for passage, values in zip(passages, read, strict=True):
        if isinstance(value, str) and re.search(re.escape(value), passage, re.IGNORECASE):
            return passage
        if (
            not isinstance(value, str)
            and any(abs(one - value) <= 1e-9 * abs(value) or abs(one / 100 - value) <= 1e-12 for one in values)
        ):
            return passage
    return ""
