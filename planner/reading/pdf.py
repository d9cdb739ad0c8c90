"""PDF: the text layer in reading order, page by page.

Invariant: a file without text, a broken or an encrypted one is told as what it is, and never read as an empty paper.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from statistics import median

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

from .blocks import BREAK, CELL, FOREIGN_CONTROL, HEADING, ROW
from .columns import Line, lines
from .document import Mark, ReadingError
from .glyphs import glyphs
from .mapped import Mapped
from .mathematics import without_mathematics

MOST_PAGES = 400
_HEADING = re.compile(
    r"^(?:(?:\d{1,2}(?:\.\d{1,2}){0,3}|[A-H](?:\.\d{1,2}){0,2}|[IVX]{1,4})\.?\s+[A-Z][^.!?]{2,70}"
    r"|(?:Abstract|References|Bibliography|Acknowledge?ments?|Appendix.{0,60}|Related [Ww]ork|Introduction"
    r"|Conclusions?|Experiments?"
    r"|Results?|Methods?|Discussion|Background|Ablations?.{0,20}))$"
)
_BROKEN = (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError, OverflowError)
"""What the library raises on files that are not as they should be."""


def read(content: bytes, name: str) -> tuple[str, Mapped, list[Mark]]:
    """The text, its view with marks for its structure, and where pages and lines begin."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pages = _pages(content, name)
    paper = _Paper()
    for number, page in enumerate(pages, start=1):
        paper.add(number, _lines(page))
    if not any(character.isalnum() for piece in paper.text for character in piece):
        raise ReadingError(
            "no_text",
            f"{name} has no text, only pictures: it is a scan.",
            "Run it through a text recognition (OCR) first.",
        )
    seen = Mapped("".join(paper.view), paper.starts, paper.ends)
    return "".join(paper.text), without_mathematics(seen), paper.marks


def _pages(content: bytes, name: str) -> list[PageObject]:
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ReadingError("encrypted", f"{name} is encrypted with a password.", "Save a copy without a password.")
        if len(reader.pages) > MOST_PAGES:
            raise ReadingError("too_long", f"{name} has {len(reader.pages)} pages.", f"At most {MOST_PAGES} are read.")
        return list(reader.pages)
    except (*_BROKEN, RecursionError, NotImplementedError, ImportError) as error:
        encrypted = b"/Encrypt" in content
        what = "is encrypted in a way that cannot be opened" if encrypted else "is broken or incomplete"
        raise ReadingError(
            "encrypted" if encrypted else "broken",
            f"{name} {what} ({type(error).__name__}).",
            "Save it again, or get the file once more.",
        ) from error


def _lines(page: PageObject) -> Sequence[Line | str]:
    try:
        found = lines(glyphs(page))
        if found:
            return found
        return page.extract_text().splitlines()
    except (*_BROKEN, RecursionError):
        try:
            return page.extract_text().splitlines()
        except (*_BROKEN, RecursionError):
            return ()


class _Paper:
    """The text and its view, made line by line."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.length = 0
        self.view: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.marks: list[Mark] = []

    def add(self, page: int, shown: Sequence[Line | str]) -> None:
        """One page."""
        body = median([one.height for one in shown if isinstance(one, Line)] or [10.0])
        rows = _rows(shown)
        usual = _usual_step(shown, body)
        before: Line | str | None = None
        for number, one in enumerate(shown, start=1):
            words = "".join(
                f" {text}" if before in ("cell", "space") else text for before, text in _pieces(one)
            ).strip()
            stands_apart = _is_apart(one, before, usual)
            is_heading = not _is_row(one, rows) and _is_heading(one, words, body, stands_apart=stands_apart)
            self.marks.append(Mark(self.length, page, number))
            if is_heading:
                self._mark(BREAK + HEADING * (1 + words.split()[0].rstrip(".").count(".")))
            elif _is_row(one, rows):
                self._mark("\n" + ROW)
            elif _begins(one, before, body):
                self._mark(BREAK)
            self._line(one, in_row=_is_row(one, rows))
            self._text("\n")
            if is_heading or _is_row(one, rows):
                self._mark(BREAK)
            before = one

    def _line(self, one: Line | str, *, in_row: bool) -> None:
        for before, text in _pieces(one):
            if before in ("cell", "space") and self.text[-1:] != [" "]:
                self.text.append(" ")
                self.length += 1
                self._mark(CELL if before == "cell" and in_row else " ")
            elif before == "raised":
                self._mark("^")
            self._text(text)

    def _text(self, words: str) -> None:
        words = FOREIGN_CONTROL.sub(" ", words)
        self.text.append(words)
        self.view.append(words)
        self.starts.extend(range(self.length, self.length + len(words)))
        self.ends.extend(range(self.length + 1, self.length + len(words) + 1))
        self.length += len(words)

    def _mark(self, words: str) -> None:
        self.view.append(words)
        self.starts.extend([self.length] * len(words))
        self.ends.extend([self.length] * len(words))


def _pieces(one: Line | str) -> Sequence[tuple[str, str]]:
    return [("", one)] if isinstance(one, str) else one.pieces()


def _rows(shown: Sequence[Line | str]) -> set[int]:
    """Lines with cells that have a neighbour with cells."""
    with_cells = [
        index for index, one in enumerate(shown) if isinstance(one, Line) and any(
            before == "cell" for before, _ in one.pieces()
        )
    ]
    return {id(shown[index]) for index in with_cells if index - 1 in with_cells or index + 1 in with_cells}


def _is_row(one: Line | str, rows: set[int]) -> bool:
    return id(one) in rows


def _usual_step(shown: Sequence[Line | str], body: float) -> float:
    """From one line of a paragraph down to the next."""
    steps = [
        one.base - other.base for one, other in pairwise(shown) if isinstance(one, Line) and isinstance(other, Line)
    ]
    return median([step for step in steps if 0 < step < 3 * body] or [1.2 * body])


def _is_apart(one: Line | str, before: Line | str | None, usual: float) -> bool:
    """Whether more room stands above a line than between the lines of a paragraph."""
    if not isinstance(one, Line) or not isinstance(before, Line):
        return True
    step = before.base - one.base
    return step < 0 or step > 1.1 * usual


def _is_heading(one: Line | str, words: str, body: float, *, stands_apart: bool) -> bool:
    if len(words) > 90 or not words:
        return False
    if stands_apart and _HEADING.match(words):
        return True
    return isinstance(one, Line) and one.height > 1.12 * body and words[:1].isupper() and not words.endswith((".", ","))


def _begins(one: Line | str, before: Line | str | None, body: float) -> bool:
    """Whether a paragraph begins here: a larger step down, or an indent."""
    if isinstance(one, str) or isinstance(before, str) or before is None:
        return isinstance(one, str) and not one.strip()
    step = before.base - one.base
    if step < 0:
        return False  # the next column
    return step > 1.75 * body or (one.left - before.left > 0.8 * body and one.left - before.left < 4 * body)


