"""A checklist as JSON: the brief, and what a person said of its items.

Invariant: :mod:`.from_json` reads the same checklist back.
"""

from __future__ import annotations

from typing import Any

from .brief import Brief, Place
from .checklist import Checklist, Item, Mark
from .unsaid import candidates


def content(checklist: Checklist) -> dict[str, Any]:
    """What `mlintern read --json` prints, and what is kept of a confirmed brief."""
    return {**_brief(checklist.brief), "answers": [_answer(one) for one in checklist.items]}


def _brief(brief: Brief) -> dict[str, Any]:
    return {
        "source": brief.source,
        "requirements": [
            {"kind": str(one.kind), "text": one.text, "quote": one.quote, "place": _place(one.place)}
            for one in brief.requirements
        ],
        "hyperparameters": [
            {
                "name": one.name,
                "value": one.value,
                "unit": one.unit,
                "applies_to": one.applies_to,
                "quote": one.quote,
                "place": _place(one.place),
            }
            for one in brief.hyperparameters
        ],
        "targets": [
            {
                "metric": one.metric,
                "value": one.value,
                "unit": one.unit,
                "spread": one.spread,
                "split": one.split,
                "dataset": one.dataset,
                "model": one.model,
                "quote": one.quote,
                "place": _place(one.place),
            }
            for one in brief.targets
        ],
        "unsaid": list(brief.unsaid),
        "candidates": [{"name": one.name, "value": one.value, "origin": one.origin} for one in candidates(brief)],
        "conflicts": [{"name": one.name, "quotes": list(one.quotes)} for one in brief.conflicts],
    }


def _answer(item: Item) -> dict[str, Any]:
    """An open item is told as well, so that who edits the file by hand sees what can be answered."""
    value = item.answer.value if item.answer.mark is Mark.CHANGED else None
    return {
        "number": item.number,
        "part": str(item.part),
        "name": item.name,
        "mark": str(item.answer.mark),
        "value": value,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"page": place.page, "section": place.section, "line": place.line}
