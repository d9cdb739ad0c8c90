"""A brief as a checklist for a person and as JSON.

Invariant: both say the same, and the source's words leave here without control codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..planner.reading.brief import Brief, Hyperparameter, Place, Target
from ..planner.reading.unsaid import candidates
from .text import clean

_MOST_QUOTE = 100


def content(brief: Brief) -> dict[str, Any]:
    """The JSON form."""
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


def lines(brief: Brief) -> Iterator[str]:
    """For a person: a checklist, each line with the place and the words that it comes from."""
    yield f"{clean(brief.source)}"
    yield from _part("To reach", [(_target(one), one.place, one.quote) for one in brief.targets])
    yield from _part("Hyperparameters", [(_value(one), one.place, one.quote) for one in brief.hyperparameters])
    yield from _part("Requirements", [(f"{one.kind}: {one.text}", one.place, None) for one in brief.requirements])
    if brief.conflicts:
        yield ""
        yield "Contradictions"
    for conflict in brief.conflicts:
        yield f"  ! {conflict.name}"
        yield from (f"      “{_short(quote)}”" for quote in conflict.quotes)
    if brief.unsaid:
        yield ""
        yield "Not said"
    found = candidates(brief)
    for name in brief.unsaid:
        fitting = [
            f"{one.value:g}" if isinstance(one.value, float) else str(one.value) for one in found if one.name == name
        ]
        origins = [one.origin for one in found if one.name == name]
        told = "; ".join(f"{value} ({origin})" for value, origin in zip(fitting, origins, strict=True))
        yield f"  ? {name}{f': {told}' if told else ''}"


def _part(title: str, rows: list[tuple[str, Place, str | None]]) -> Iterator[str]:
    yield ""
    yield f"{title}{'' if rows else ': nothing was found'}"
    for text, place, quote in rows:
        where = _where(place)
        yield f"  [ ] {_short(text, 160)}{f'  ({where})' if where else ''}"
        if quote is not None:
            yield f"        “{_short(quote)}”"


def _value(one: Hyperparameter) -> str:
    value = f"{one.value:g}" if isinstance(one.value, float) else str(one.value)
    unit = f" {one.unit}" if one.unit else ""
    return f"{one.name} = {value}{unit}{f' for {one.applies_to}' if one.applies_to else ''}"


def _target(one: Target) -> str:
    spread = "" if one.spread is None else f" ± {one.spread:g}"
    parts = [f"{one.metric} {one.value:g}{spread}{f' {one.unit}' if one.unit else ''}"]
    parts += [one.split or "split not said"]
    parts += [part for part in (one.dataset, one.model) if part]
    return ", ".join(parts)


def _where(place: Place) -> str:
    parts = (("page", place.page), ("section", place.section), ("line", place.line))
    return ", ".join(f"{word} {value}" for word, value in parts if value is not None)


def _short(text: str, most: int = _MOST_QUOTE) -> str:
    plain = clean(" ".join(text.split()))
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _place(place: Place) -> dict[str, Any]:
    return {"page": place.page, "section": place.section, "line": place.line}
