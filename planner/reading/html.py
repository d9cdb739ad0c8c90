"""HTML: its text without markup, scripts and styles; headings, lists, tables, raised and lowered digits.

Invariant: the text is what stands between the tags, with entities as the characters that they mean; nothing is run or
loaded.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from .blocks import BREAK, CELL, FOREIGN_CONTROL, HEADING, ROW
from .document import Mark
from .mapped import Mapped
from .mathematics import without_mathematics

_SKIPPED = {"script", "style", "head", "template", "noscript", "svg", "object", "iframe", "nav", "select", "textarea"}
_BLOCKS = {
    "p", "div", "section", "article", "ul", "ol", "li", "dl", "dt", "br", "table", "caption", "thead", "tbody",
    "figure", "figcaption",
    "blockquote", "pre", "main", "header", "footer", "aside", "hr", "details", "summary",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


class _Reader(HTMLParser):
    """Gathers the text and, piece by piece, what each piece reads as."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.length = 0
        self.view: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.marks: list[Mark] = [Mark(0, None, 1)]
        self.skipped = 0
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self.skipped += 1
        elif tag in _HEADINGS:
            self._mark(BREAK + HEADING * _HEADINGS[tag])
        elif tag == "tr":
            self.rows += 1
            self._mark("\n" + ROW)
        elif tag in ("td", "th"):
            self._mark("" if self.view and self.view[-1].endswith(ROW) else CELL)
        elif tag == "dd":
            self._mark(": ")
        elif tag == "sup":
            self._mark("^", space=False)
        elif tag in _BLOCKS:
            self._mark(BREAK if not self.rows else " ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self.skipped = max(0, self.skipped - 1)
        elif tag == "tr":
            self.rows = max(0, self.rows - 1)
            self._mark("\n")
        elif tag in _HEADINGS or tag == "dd" or (tag in _BLOCKS and tag != "dt" and not self.rows):
            self._mark(BREAK)

    def handle_data(self, data: str) -> None:
        if self.skipped or not data:
            return
        data = FOREIGN_CONTROL.sub(" ", data)
        self.marks.append(Mark(self.length, None, self.getpos()[0]))
        for number, line in enumerate(data.splitlines(keepends=True)[1:], start=1):
            self.marks.append(Mark(self.length + data.index(line), None, self.getpos()[0] + number))
        self.text.append(data)
        self.view.append(data)
        self.starts.extend(range(self.length, self.length + len(data)))
        self.ends.extend(range(self.length + 1, self.length + len(data) + 1))
        self.length += len(data)

    def _mark(self, words: str, *, space: bool = True) -> None:
        """Marks go into the view alone; blocks are apart in the text by white space."""
        if self.skipped:
            return
        if space:
            self.text.append("\n")
            self.length += 1
        self.view.append(words)
        self.starts.extend([self.length] * len(words))
        self.ends.extend([self.length] * len(words))


def read(markup: str) -> tuple[str, Mapped, list[Mark]]:
    """The text, its view with marks for its structure, and where its lines begin in the file."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    seen = Mapped("".join(reader.view), reader.starts, reader.ends)
    marks = sorted(reader.marks, key=lambda mark: mark.offset)
    return "".join(reader.text), without_mathematics(_unraised(seen)), marks


_NOTE = re.compile(r"\^(?![-−+]?\d|[-−])")
_LONE_BREAK = re.compile(r"(?<!\n)\n(?![\n\x01\x03])")


def _unraised(seen: Mapped) -> Mapped:
    """A raised word is no power."""
    return seen.sub(_NOTE).sub(_LONE_BREAK, " ")
