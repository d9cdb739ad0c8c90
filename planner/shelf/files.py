"""Reading a little of files that nobody vouches for: bounded, and never failing.

Invariant: nothing is executed, no link to a folder is followed, and no walk goes on without end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

MOST_ENTRIES = 20_000
MOST_DEPTH = 8
_BEGINNING = 4_096
_NOT_ENTERED = frozenset({
    "node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist", "proc", "sys", "dev",
})  # fmt: skip
_LICENCES = (
    ("Apache-2.0", r"apache license,? *(?:\n\s*)?version 2\.0"),
    ("MIT", r"\bmit license\b|permission is hereby granted, free of charge"),
    ("BSD-3-Clause", r"bsd 3-clause|redistribution and use in source and binary forms[\s\S]*neither the name"),
    ("BSD-2-Clause", r"bsd 2-clause|redistribution and use in source and binary forms"),
    ("AGPL-3.0", r"gnu affero general public license"),
    ("GPL", r"gnu general public license"),
    ("CC-BY-NC", r"attribution-noncommercial"),
    ("CC-BY", r"creative commons attribution"),
)
_FRONT_MATTER = re.compile(r"^licen[cs]e:[ \t]*[\"']?([\w.+-]{1,60})", re.MULTILINE | re.IGNORECASE)


class Walk:
    """Folders with their folders and files, in order; ends after ``MOST_ENTRIES`` entries, and then is not whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.is_whole = True

    def __iter__(self) -> Iterator[tuple[Path, list[str], list[str]]]:
        left = MOST_ENTRIES
        for place, folders, files in os.walk(self._folder, followlinks=False):
            depth = len(Path(place).relative_to(self._folder).parts)
            yield Path(place), sorted(folders), sorted(files)
            entered = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_ENTERED)
            folders[:] = entered if depth < MOST_DEPTH else []
            left -= len(files) + len(folders)
            if left < 0:
                self.is_whole = False
                return


def beginning(path: Path, most: int = _BEGINNING) -> str:
    """The first characters of a text; empty where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(most).decode("utf-8", "replace")
    except OSError:
        return ""


def size(path: Path) -> int | None:
    """Bytes of a file, or of all files of a folder; ``None`` where there are too many to count, or none may be read."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        total = counted = 0
        for place, _, files in os.walk(path):
            counted += len(files)
            if counted > MOST_ENTRIES:
                return None
            total += sum(Path(place, name).lstat().st_size for name in files)
    except OSError:
        return None
    return total


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder; none where there is no such folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []


def licence_in(folder: Path) -> str | None:
    """What the folder's licence file or README says."""
    for pattern in ("LICEN[CS]E*", "COPYING*"):
        for path in sorted(folder.glob(pattern))[:2]:
            found = licence_of(beginning(path))
            if found:
                return found
    return card_licence(beginning(folder / "README.md"))


def licence_of(text: str) -> str | None:
    """The licence that a text is."""
    lowered = text.lower()
    return next((name for name, pattern in _LICENCES if re.search(pattern, lowered)), None)


def card_licence(text: str) -> str | None:
    """The licence that the head of a README names."""
    head = text.partition("---")[2].partition("\n---")[0] if text.startswith("---") else ""
    found = _FRONT_MATTER.search(head)
    return found.group(1) if found else None
