"""`mlintern find`: data, checkpoints and reference code that are on this machine already."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...planner.shelf.item import Hit, Place
from ...planner.shelf.search import look, search
from ..output import SCHEMA, ExitCode, Output
from ..text import clean
from ..units import size

UNKNOWN = "unknown"


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Look, and print what fits."""
    output.draw(lambda: "looking through folders, caches and packages …")
    named = [Path(folder).absolute() for folder in options.folders or ["."]]
    places = look(named, os.environ, Path.home())
    hits = search(places, options.words, options.limit)
    output.erase()
    output.object({
        "schema": SCHEMA,
        "words": list(map(clean, options.words)),
        "hits": [_hit(hit) for hit in hits],
        "looked_in": [_place(place) for place in places],
    })  # fmt: skip
    output.lines(_lines(hits, places))
    return ExitCode.DONE


def _hit(hit: Hit) -> dict[str, Any]:
    item = hit.item
    return {
        "kind": str(item.kind),
        "name": clean(item.name),
        "path": clean(str(item.path)),
        "size_bytes": item.size_bytes,
        "licence": None if item.licence is None else clean(item.licence),
        "about": clean(item.about),
        "why": clean(hit.why),
    }


def _place(place: Place) -> dict[str, Any]:
    path = None if place.path is None else clean(str(place.path))
    return {"name": clean(place.name), "path": path, "items": len(place.items), "note": place.note}


def _lines(hits: Sequence[Hit], places: Sequence[Place]) -> Iterator[str]:
    for hit in hits:
        item = hit.item
        much = UNKNOWN if item.size_bytes is None else size(item.size_bytes)
        yield clean(f"{item.kind}: {item.name}: {item.about}; size {much}, licence {item.licence or UNKNOWN}")
        yield clean(f"  {item.path}")
        yield clean(f"  {hit.why}")
    if not hits:
        yield "nothing here fits"
    told = (f"{place.name} ({place.note or f'{len(place.items)} items'})" for place in places)
    yield clean(f"looked in: {'; '.join(told)}")
