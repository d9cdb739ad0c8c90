"""A rule with a title, and lines of facts beneath it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..text import clean, fit, wrap
from .painted import Painted, Piece, pieces_width


class SectionTitle(Painted):
    """``─ title 3 ─────────────── note ─``."""

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title, self._note, self._ink = title, "", "muted"

    def show(self, title: str, note: str = "", ink: str = "muted") -> None:
        """Change what it says."""
        if (title, note, ink) != (self._title, self._note, self._ink):
            self._title, self._note, self._ink = title, note, ink
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        title = clean(self._title)
        room = width - cell_len(title) - 5
        note = clean(self._note)
        if note and cell_len(note) > room - 4:
            note = fit(note, room - 4) if room > 12 else ""
        pieces: list[Piece] = [("─ ", "faint"), (title, self._ink), (" ", "")]
        tail: list[Piece] = [(f" {note} ", "muted"), ("─", "faint")] if note else []
        rule = "─" * max(0, width - pieces_width(pieces) - pieces_width(tail))
        return self.strip([*pieces, (rule, "faint"), *tail], width)


class Line(Painted):
    """One line of inked pieces, for titles and states."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: Sequence[Piece] = ()
        self._right: Sequence[Piece] = ()

    def show(self, left: Sequence[Piece], right: Sequence[Piece] = ()) -> None:
        """Draw these pieces; the ones on the right give way where there is no room."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        left = [(clean(text), ink) for text, ink in self._left]
        right = [(clean(text), ink) for text, ink in self._right]
        gap = width - pieces_width(left) - pieces_width(right)
        return self.strip([*left, (" " * gap, ""), *right] if gap >= 1 else left, width)


class Facts(Painted, ScrollView, can_focus=False):
    """Sentences, each after a sign, wrapped and scrolled; nothing is mounted per sentence."""

    def __init__(self, *, id: str | None = None, is_focusable: bool = False) -> None:
        super().__init__(id=id)
        self.can_focus = is_focusable  # where it may be longer than its room: Tab goes there, the arrows scroll
        self._facts: Sequence[tuple[str, str, str]] = ()
        self._lines: list[list[Piece]] = []

    def show(self, facts: Sequence[tuple[str, str, str]]) -> None:
        """Draw these: a sign, its ink, the sentence; an empty sign makes a heading."""
        if facts != self._facts:
            self._facts = facts
            self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        self._lines = [line for fact in self._facts for line in _fact_lines(fact, width)]
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return sum(len(_fact_lines(fact, width)) for fact in self._facts)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        return self.strip(self._lines[index] if index < len(self._lines) else (), width)

    def text(self) -> str:
        """All of it, for copying."""
        return "\n".join(clean(sentence) for _, _, sentence in self._facts)


def _fact_lines(fact: tuple[str, str, str], width: int) -> list[list[Piece]]:
    sign, ink, sentence = fact
    if not sign:
        return [[(line, ink)] for line in wrap(clean(sentence), width)]
    indent = cell_len(sign) + 1
    lines = wrap(clean(sentence), max(1, width - indent))
    return [[(f"{sign} " if index == 0 else " " * indent, ink), (line, "")] for index, line in enumerate(lines)]
