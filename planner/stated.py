"""The values that the folder of an experiment states for its script, each with where it comes from.

Invariant: an origin that is not one of ours is unknown; a number that the source does not say is no quote, whatever the
file calls it; a file that cannot be read states nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from ..runtime.project import SETTINGS
from ..store.records import Json
from .provenance import Origin
from .reading.brief import Hyperparameter
from .reading.checklist import BRIEF_FILE
from .reading.from_json import NotABriefError, checklist_from_json

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
    return list(_entries(path, text, table, _said(folder))) if isinstance(table, dict) else []


def _said(folder: Path) -> tuple[Hyperparameter, ...]:
    """What the brief says that the folder was written from; nothing where it has none."""
    try:
        return checklist_from_json((folder / BRIEF_FILE).read_text(encoding="utf-8")).brief.hyperparameters
    except (OSError, UnicodeDecodeError, NotABriefError):
        return ()


def _is_changed(name: str, value: object, said: tuple[Hyperparameter, ...]) -> bool:
    """Whether a number is another than each that the source says of it, in per cent or not."""
    numbers = [one.value / 100 if one.unit == "%" else one.value for one in said
               if one.name == name and isinstance(one.value, int | float)]  # fmt: skip
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return bool(numbers) and is_number and value not in numbers


def _entries(path: Path, text: str, table: Json, said: tuple[Hyperparameter, ...]) -> Iterator[Json]:
    lines = {line.strip(): number for number, line in enumerate(text.splitlines(), start=1)}
    for name, one in table.items():
        value = one.get("value") if isinstance(one, dict) else one
        if not isinstance(value, str | int | float | bool):
            continue
        says = one if isinstance(one, dict) else {}
        place = f" ({says['place']})" if isinstance(says.get("place"), str) else ""
        origin, words = says.get("origin"), f"{says.get('says', '')}{place}"
        if origin == Origin.QUOTED and _is_changed(name, value, said):
            origin, words = Origin.PERSON, f"changed in {SETTINGS}; the source says: “{words}”"
        yield {
            "name": name,
            "value": value,
            "role": "experiment",
            "callee": None,
            "file": str(path),
            "line": lines.get(f"{_HEADER}{name}]", 1),
            "count": 1,
            "stated": [str(origin) if origin in list(Origin) else str(Origin.UNKNOWN), words],
        }
