"""What a pattern is when it is reported: a kind, a place, and the lines that show it.

Invariant: every fact is a JSON object; each of its rows names a line with its text and what happens there.
"""

from __future__ import annotations

from typing import Any

from .values import Spot

Fact = dict[str, Any]


def row(what: str, spot: Spot) -> dict[str, Any]:
    """One line that is part of a pattern."""
    return {"what": what, "file": spot.file, "line": spot.line, "text": spot.text}


def fact(kind: str, spot: Spot, *rows: dict[str, Any], certainty: str = "surely", **names: Any) -> Fact:
    """One pattern. ``certainty`` is ``surely``, or ``perhaps`` where another reading is possible."""
    return {
        "kind": kind, "file": spot.file, "line": spot.line, "text": spot.text, "certainty": certainty, "names": names,
        "rows": list(rows),
    }  # fmt: skip
