"""A report as JSON, every value beside the reference that it was looked up by; and such a file checked again.

Invariant: what is read back is foreign data: its references are only looked up, and what is no reference is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ...planner.report.blocks import Block, Bullets, Claim, Command, Line, Paragraph, Plot, Report, Table
from ...planner.report.blocks import Reference as Ref
from ...planner.report.resolve import NoSuchValueError, Resolver
from ..output import SCHEMA
from .values import Shown, shown

Object = dict[str, Any]


def render(report: Report, words: Shown) -> Object:
    """The whole report."""
    return {
        "schema": SCHEMA,
        "run": report.run,
        "title": _line(report.title, words),
        "sections": [
            {"title": section.title.text, "blocks": [_block(block, words) for block in section.blocks]}
            for section in report.sections
        ],
    }


def _reference(one: Ref, words: Shown) -> Object:
    value = words.resolver.value(one)
    return {
        "reference": {"kind": one.kind, "key": list(one.key), "shown": one.shown},
        "value": _finite(value),
        "text": shown(one.shown, value) if one.kind not in ("curve", "outcome") else "",
    }


def _line(parts: Line, words: Shown) -> list[Object]:
    return [_reference(part, words) if isinstance(part, Ref) else {"text": part.text} for part in parts]


def _block(block: Block, words: Shown) -> Object:
    match block:
        case Paragraph(parts):
            return {"type": "paragraph", "line": _line(parts, words)}
        case Bullets(items):
            return {"type": "bullets", "lines": [_line(item, words) for item in items]}
        case Command(parts):
            return {"type": "command", "line": _line(parts, words)}
        case Table(head, rows):
            cells = [[_line(cell, words) for cell in row] for row in rows]
            return {"type": "table", "head": [word.text for word in head], "rows": cells}
        case Plot(title, series, names):
            drawn = [_reference(one, words) for one in series]
            named = [_line(name, words) for name in names]
            return {"type": "plot", "title": title.text, "names": named, "series": drawn}
    return _claim(block, words)


def _claim(claim: Claim, words: Shown) -> Object:
    return {
        "type": "claim",
        "statement": _line(claim.statement, words),
        "verdict": _reference(claim.verdict, words),
        "because": [_line(reason, words) for reason in claim.because],
        "facts": [{"name": words.text(name), "fact": _reference(fact, words)} for name, fact in claim.facts],
        "beside": [_line(note, words) for note in claim.beside],
        "check": _line(claim.check.parts, words),
    }


def _finite(value: Any) -> Any:
    """What JSON can hold: a number that is not finite is its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list) else value


# --- checked again ----------------------------------------------------------------------------------------------------

MAY_CHANGE = ("verified", "saved", "configurations", "results", "unfinished", "rung")
"""What may say something else later without anybody having edited it: more runs, other code."""


def differences(content: Any, resolver: Resolver) -> Iterator[tuple[bool, str]]:
    """``(is surely wrong, words)`` for each piece of a stored report that is not what the store says now."""
    for found in _values(content):
        if "reference" not in found:
            text = str(found["text"])
            if any(map(str.isnumeric, text)):
                yield True, f"“{text}” holds a number that is no reference"
            continue
        try:
            named = found["reference"]
            one = Ref(str(named["kind"]), tuple(named["key"]), str(named["shown"]))
            value = _finite(resolver.value(one))
        except (NoSuchValueError, ValueError, TypeError, KeyError):
            yield True, f"{found.get('reference')} refers to nothing in the store"
            continue
        told = {"value": found.get("value"), "text": found.get("text")}
        text = shown(one.shown, resolver.value(one)) if one.kind not in ("curve", "outcome") else ""
        if told != {"value": value, "text": text}:
            what = " ".join(map(str, (one.kind, *one.key)))
            said = f"the report says {told['value']} ({told['text']})"
            yield one.kind not in MAY_CHANGE, f"{what} is {value} ({text}); {said}"


def _values(content: Any) -> Iterator[Any]:
    """Every piece of text in a report: references with their value, and fixed words."""
    if isinstance(content, dict):
        if "reference" in content or set(content) == {"text"}:
            yield content
            return
        content = list(content.values())
    if isinstance(content, list):
        for one in content:
            yield from _values(one)
