"""A line for the path of a script or a paper, completed from the folders on disk.

Invariant: folders are read in a thread, a bounded part of each; nothing is ever written or run.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from ..actions import Scope
from ..bindings import bindings

MOST_ENTRIES = 5_000
SUFFIXES = (".py", ".pdf", ".md", ".tex", ".html", ".txt")


class PathSuggester(Suggester):
    """Suggests the first folder or script whose path begins with what is written."""

    def __init__(self, base: Path) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._base = base

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(complete, value, self._base)


def complete(written: str, base: Path) -> str | None:
    """What is written, continued to the first fitting folder or script; ``None`` when nothing fits."""
    if not written or written != written.strip():
        return None
    folder, _, stem = written.rpartition("/")
    root = base / Path(f"{folder}/" if folder or written.startswith("/") else ".").expanduser()
    try:
        with os.scandir(root) as entries:
            names = sorted(name for name in _fitting(entries, stem))
    except (OSError, ValueError):
        return None
    return f"{written.removesuffix(stem) if stem else written}{names[0]}" if names else None


def _fitting(entries: os.ScandirIterator[str], stem: str) -> list[str]:  # type: ignore[name-defined]
    fitting = []
    for seen, entry in enumerate(entries):
        if seen > MOST_ENTRIES:
            break
        if not entry.name.startswith(stem) or (entry.name.startswith(".") and not stem):
            continue
        if entry.is_dir():
            fitting.append(f"{entry.name}/")
        elif entry.name.endswith(SUFFIXES):
            fitting.append(entry.name)
    return fitting


def split(written: str) -> tuple[str, tuple[str, ...]]:
    """The path and the script's own arguments, as a shell would split them; ``ValueError`` says what is wrong."""
    try:
        words = shlex.split(written)
    except ValueError as error:
        raise ValueError(f"a quotation mark is not closed: {error}") from error
    if not words:
        raise ValueError("write the path of a script, for example train.py --epochs 60")
    words = [word for index, word in enumerate(words) if not (index == 1 and word == "--")]
    return words[0], tuple(words[1:])


class PathInput(Input):
    """The line itself; Tab accepts what is suggested, or moves on where nothing is."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.PATH)

    def __init__(self, base: Path, *, id: str | None = None) -> None:
        super().__init__(
            placeholder="a script and its arguments as for the full run, or a paper",
            suggester=PathSuggester(base),
            compact=True,
            select_on_focus=False,
            id=id,
        )
        self.cursor_blink = False  # blinking would be the only thing that costs while nothing happens

    def action_complete(self) -> None:
        written = self.value
        if self.cursor_at_end:
            self.action_cursor_right()  # at the end of the line this takes over what is suggested
        if self.value == written:
            self.screen.focus_next()
