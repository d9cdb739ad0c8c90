"""The values that the folder of an experiment states for its script, each with where it comes from.

Invariant: an origin that is not one of ours is unknown; a file that cannot be read states nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from ..runtime.project import SETTINGS
from ..store.records import Json
from .provenance import Origin

_HEADER = "[hyperparameters."


def stated(folder: Path) -> list[Json]:
    """Entries as the inspection of code has them, with ``stated``: the origin, and what it points to."""
    path = folder / SETTINGS
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, ValueError):
        return []
    table = content.get("hyperparameters")
    return list(_entries(path, text, table)) if isinstance(table, dict) else []


def _entries(path: Path, text: str, table: Json) -> Iterator[Json]:
    lines = {line.strip(): number for number, line in enumerate(text.splitlines(), start=1)}
    for name, one in table.items():
        value = one.get("value") if isinstance(one, dict) else one
        if not isinstance(value, str | int | float | bool):
            continue
        says = one if isinstance(one, dict) else {}
        place = f" ({says['place']})" if isinstance(says.get("place"), str) else ""
        origin = says.get("origin")
        yield {
            "name": name,
            "value": value,
            "role": "experiment",
            "callee": None,
            "file": str(path),
            "line": lines.get(f"{_HEADER}{name}]", 1),
            "count": 1,
            "stated": [origin if origin in list(Origin) else str(Origin.UNKNOWN), f"{says.get('says', '')}{place}"],
        }
