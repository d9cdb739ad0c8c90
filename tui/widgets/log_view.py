"""The log of a run on the screen: a window onto the file, following its end until someone scrolls up.

Invariant: only the lines on the screen are read; the file is indexed and searched in threads, never on the event loop.
"""

from __future__ import annotations

import asyncio
import threading
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..actions import Scope
from ..beside import run_beside
from ..bindings import bindings
from ..text import clean, wrap_cells
from ..units import count
from .log_file import LogFile
from .painted import Painted, Piece

CACHE_LINES = 4_000
SIDEWAYS = 16
WIDEST = 1 << 14


class LogView(Painted, ScrollView, can_focus=True):
    """The lines of one log file."""

    BINDINGS = bindings(Scope.LOG)

    @dataclass
    class Changed(Message):
        """What :meth:`LogView.words` says is different now."""

        view: LogView

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.log_file: LogFile | None = None
        self.follows = True
        self.is_live = False
        """Whether more may come: the run goes on."""
        self.wraps = False
        self.query_text = ""
        self.matches = array("Q")
        self._searching: threading.Event | None = None
        self._indexing = False
        self._lines: dict[int, str] = {}
        self._shown: list[str] | None = None

    def open(self, path: Path) -> None:
        """Show another file, from its end."""
        self.log_file = LogFile(path)
        self.follows = True
        self._stop_search()
        self.query_text, self.matches = "", array("Q")
        self._changed(forget=True)
        self.poll()

    def poll(self) -> None:
        """Look whether the file grew; call it as often as the view should move."""
        if self.log_file is not None and not self._indexing:
            self._indexing = True
            run_beside(self, partial(self._advance, self.log_file), group="log-index")

    async def _advance(self, log: LogFile) -> None:
        try:
            while log is self.log_file:
                generation, last = log.generation, max(0, log.line_count - 1)
                if not await asyncio.to_thread(log.advance):
                    break
                self._lines.pop(last, None)
                if log is self.log_file:
                    self._changed(forget=log.generation != generation)
        finally:
            self._indexing = False
        if log is not self.log_file:
            self.poll()

    def _changed(self, *, forget: bool = False) -> None:
        if forget:
            self._lines.clear()
        self.virtual_size = Size(WIDEST if not self.wraps else self._width, self._count)
        if self.follows:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        self._repaint()

    def _repaint(self) -> None:
        self._shown = None
        self.refresh()
        self.post_message(self.Changed(self))

    @property
    def _count(self) -> int:
        return self.log_file.line_count if self.log_file else 0

    @property
    def _width(self) -> int:
        return max(1, self.scrollable_content_region.width)

    @property
    def _height(self) -> int:
        return max(1, self.scrollable_content_region.height)

    @property
    def words(self) -> str:
        """Where the view stands, in words."""
        log = self.log_file
        if log is None or not self._count:
            return "no output yet"
        parts = ["1 line" if self._count == 1 else f"{count(self._count)} lines"]
        total = log.total_bytes()
        if total > log.indexed_bytes + (1 << 24):
            parts = [f"reading {log.indexed_bytes / total:.0%}".replace("%", " %")]
        tail = "live tail" if self.is_live else "at the end"
        parts.insert(0, tail if self.follows else f"held at line {count(round(self.scroll_y) + 1)}")
        if self.query_text:
            found = f"{count(len(self.matches))} matches" if len(self.matches) != 1 else "1 match"
            busy = "searching, " if self._searching else ""
            parts.insert(0, f"“{clean(self.query_text)}” {busy}{found}")
        if self.wraps:
            parts.append("wrapped")
        return " · ".join(parts)

    def _line(self, number: int) -> str:
        if number not in self._lines and self.log_file is not None:
            if len(self._lines) > CACHE_LINES:
                self._lines.clear()
            for offset, text in enumerate(self.log_file.read(number, self._height)):
                self._lines[number + offset] = text
        return self._lines.get(number, "")

    def _layout(self) -> list[str]:
        """The text of the rows on the screen."""
        top, height = round(self.scroll_y), self._height
        if not self.wraps:
            return [self._line(number) for number in range(top, min(top + height, self._count))]
        if top >= self.max_scroll_y:
            return self._layout_from_below()
        rows: list[str] = []
        number = top
        while len(rows) < height and number < self._count:
            rows += wrap_cells(self._line(number), self._width)
            number += 1
        return rows[:height]

    def _layout_from_below(self) -> list[str]:
        """Wrapped rows with the last line at the bottom: the end of the file is always reachable."""
        rows: list[str] = []
        number = self._count - 1
        while len(rows) < self._height and number >= 0:
            rows = wrap_cells(self._line(number), self._width) + rows
            number -= 1
        return rows[-self._height :]

    def render_line(self, y: int) -> Strip:
        if self._shown is None:
            self._shown = self._layout()
        if y >= len(self._shown):
            return self.strip((), self._width)
        pieces = self._highlighted(self._shown[y])
        if self.wraps:
            return self.strip(pieces, self._width)
        left = self.scroll_offset.x
        return self.strip(pieces, left + self._width).crop(left, left + self._width)

    def _highlighted(self, text: str) -> list[Piece]:
        if not self.query_text:
            return [(text, "")]
        pieces: list[Piece] = []
        lowered, needle, position = text.lower(), clean(self.query_text).lower(), 0
        while needle and len(lowered) == len(text) and (found := lowered.find(needle, position)) >= 0:
            pieces += [(text[position:found], ""), (text[found : found + len(needle)], "match")]
            position = found + len(needle)
        return [*pieces, (text[position:], "")]

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._shown = None
        self.follows = new_value >= self.max_scroll_y
        self.post_message(self.Changed(self))

    def on_resize(self) -> None:
        self._changed()

    def search(self, query: str) -> None:
        """Find every line that holds ``query`` and go to the next one from here; an empty one ends the search."""
        self._stop_search()
        self.query_text, self.matches = query, array("Q")
        self.refresh_bindings()
        self._repaint()
        if query and self.log_file is not None:
            self._searching = threading.Event()
            run_beside(
                self, partial(self._search, self.log_file, query, self._searching), group="log-search", exclusive=True
            )

    def _stop_search(self) -> None:
        if self._searching is not None:
            self._searching.set()
            self._searching = None

    async def _search(self, log: LogFile, query: str, stopped: threading.Event) -> None:
        here = round(self.scroll_y)
        found = array("Q")

        def look() -> None:
            for batch in log.search(query):
                found.extend(batch)
                if stopped.is_set():
                    return

        await asyncio.to_thread(look)
        if not stopped.is_set():
            self._searching = None
            self.matches = found
            self.refresh_bindings()
            if found:
                following = bisect_left(found, here)
                self._go_to(found[following] if following < len(found) else found[-1])
            self._repaint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no next match where nothing was found."""
        return bool(self.matches) if action == "match" else True

    def action_match(self, by: int) -> None:
        if not self.matches:
            return
        here = round(self.scroll_y) + self._match_row
        index = bisect_right(self.matches, here) if by > 0 else bisect_left(self.matches, here) - 1
        self._go_to(self.matches[index % len(self.matches)])

    @property
    def _match_row(self) -> int:
        """The row in which a match is put: not at the very top, so that what led to it is seen."""
        return min(2, self._height // 3)

    def _go_to(self, line: int) -> None:
        self._scroll(max(0, line - self._match_row))

    def _scroll(self, top: float) -> None:
        self.scroll_to(y=min(max(top, 0), self.max_scroll_y), animate=False, force=True)
        self.follows = self.scroll_y >= self.max_scroll_y

    def action_line(self, by: int) -> None:
        self._scroll(self.scroll_y + by)

    def action_page(self, by: int) -> None:
        self._scroll(self.scroll_y + by * max(1, self._height - 1))

    def action_first(self) -> None:
        self._scroll(0)

    def action_last(self) -> None:
        self._scroll(self.max_scroll_y)

    def action_sideways(self, by: int) -> None:
        self.scroll_to(x=max(0, self.scroll_x + by * SIDEWAYS), animate=False, force=True)

    def action_wrap(self) -> None:
        self.wraps = not self.wraps
        self.scroll_to(x=0, animate=False, force=True)
        self._changed()

    def line_in_hand(self) -> str:
        """The text to copy: the line at the top, or the match that was gone to."""
        here = round(self.scroll_y)
        if self.matches:
            index = bisect_left(self.matches, here)
            if index < len(self.matches):
                here = self.matches[index]
        return self._line(here)
