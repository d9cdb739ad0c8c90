"""Everything on the shelf, and what fits some words, by full text in SQLite.

Invariant: only this machine is looked at; the index is in memory and gone afterwards.
"""

from __future__ import annotations

import re
import site
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import caches, folders, packages
from .item import Hit, Item, Place

_TABLE = "CREATE VIRTUAL TABLE shelf USING fts5(name, kind, about, words, path, tokenize='porter unicode61')"
_RANK = "bm25(shelf, 10.0, 4.0, 3.0, 1.0, 2.0)"
_FIELDS = ("name", "kind", "description", "words", "path")


def look(named: Sequence[Path], environment: Mapping[str, str], user: Path) -> tuple[Place, ...]:
    """The caches, the installed packages, and the folders that a person names."""
    installed = tuple(dict.fromkeys(Path(path) for path in (*site.getsitepackages(), *sys.path) if path))
    return (
        *(folders.look(folder) for folder in named),
        *caches.look(environment, user),
        *packages.look(tuple(path for path in installed if path.is_dir())),
    )


def search(places: Sequence[Place], words: Sequence[str], limit: int) -> tuple[Hit, ...]:
    """What fits all words, or if nothing does, any of them; the best first."""
    tokens = [token for word in words for token in re.findall(r"\w+", word.replace("_", " "))]
    items = list({item.path: item for place in places for item in place.items}.values())
    if not tokens or not items:
        return ()
    database = sqlite3.connect(":memory:")
    try:
        database.execute(_TABLE)
        database.executemany("INSERT INTO shelf VALUES (?, ?, ?, ?, ?)", map(_row, items))
        quoted = [f'"{token}"*' for token in tokens]
        for joint in (" AND ", " OR "):
            query = f"SELECT rowid FROM shelf WHERE shelf MATCH ? ORDER BY {_RANK} LIMIT ?"
            found = database.execute(query, (joint.join(quoted), limit)).fetchall()
            if found:
                return tuple(Hit(items[row - 1], _why(items[row - 1], tokens)) for (row,) in found)
    finally:
        database.close()
    return ()


def _row(item: Item) -> tuple[str, ...]:
    fields = (item.name, str(item.kind), item.about, item.words, str(item.path))
    return tuple(_writable(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)) for text in fields)


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _why(item: Item, tokens: Sequence[str]) -> str:
    told = []
    for token in dict.fromkeys(token.lower() for token in tokens):
        for field, text in zip(_FIELDS, _row(item), strict=True):
            stem = token[:-1] if len(token) > 3 else token  # as the index does: “images” finds “image”
            if stem in text.lower():
                told.append(f"“{token}” in its {field}")
                break
    return ", ".join(told) or "a form of the words"
