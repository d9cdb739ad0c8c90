"""The text of a source, what it reads as, and where everything in it stands.

Invariant: a quote is a slice of the source's own text; what is rewritten for reading is never quoted.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from .brief import Place
from .mapped import Mapped

_LINE_BREAK_HYPHEN = re.compile(r"(?<=\w)[-\u2010\u00ad][ \t]*\n\s*")
_KEPT_HYPHEN = re.compile(r"(?<=\w)([-\u2010])[ \t]*\n\s*")
_SPACE = re.compile(r"\s+|\u00ad")


class Form(StrEnum):
    """What kind of file a source is."""

    PDF = "pdf"
    MARKDOWN = "markdown"
    LATEX = "latex"
    HTML = "html"
    PLAIN = "text"


class ReadingError(Exception):
    """A source that cannot be read: what happened, and what to do about it."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Mark:
    """From this offset of the text on: this page and this line."""

    offset: int
    page: int | None
    line: int | None


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    TEXT = "text"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph or a table's row; offsets are of the view."""

    kind: BlockKind
    start: int
    end: int
    section: str | None
    """The number of the section, or its title where it has none."""
    titles: tuple[str, ...]
    """Titles of the sections that it stands in, the outermost first."""
    cells: tuple[tuple[int, int], ...] = ()
    table: int | None = None
    """Rows of one table have the same number."""


@dataclass(frozen=True)
class Document:
    """A source that was read."""

    source: str
    form: Form
    text: str
    """As it stands in the source; of HTML and PDF, the text without what marks it up."""
    view: Mapped
    """Rewritten for reading: markup gone, one way of writing for each thing."""
    blocks: Sequence[Block]
    marks: Sequence[Mark]

    def quote(self, start: int, end: int) -> tuple[str, Place]:
        """The source's words behind a span of the view, and where they stand."""
        first, last = self.view.origin(start, end)
        words = self.text[first:last]
        lead = len(words) - len(words.lstrip())
        return words.strip(), self._place(first + lead, start)

    def block_at(self, start: int) -> Block | None:
        """The block that a place of the view lies in."""
        index = bisect_right(self._block_starts, start) - 1
        return self.blocks[index] if index >= 0 else None

    def find(self, quote: str) -> Place | None:
        """Where a quote stands literally, white space and line-break hyphens aside; ``None`` where it does not."""
        span = self.span(quote)
        return None if span is None else self._place(self.view.starts[span[0]], span[0])

    def span(self, quote: str) -> tuple[int, int] | None:
        """The span of the view that reads what a quote says; ``None`` where the quote is not in the text."""
        wanted = squeeze(quote)
        if not wanted or not self.view.starts:
            return None
        for text, offsets in self._squeezed:
            at = text.find(wanted)
            if at >= 0:
                first, last = offsets[at], offsets[at + len(wanted) - 1]
                start = min(bisect_left(self.view.starts, first), len(self.view.starts) - 1)
                return start, max(start + 1, bisect_right(self.view.starts, last))
        return None

    def _place(self, offset: int, view_offset: int) -> Place:
        index = bisect_right(self._mark_offsets, offset) - 1
        mark = self.marks[index] if index >= 0 else Mark(0, None, None)
        block = self.block_at(view_offset)
        return Place(mark.page, None if block is None else block.section, mark.line)

    @cached_property
    def _mark_offsets(self) -> list[int]:
        return [mark.offset for mark in self.marks]

    @cached_property
    def _block_starts(self) -> list[int]:
        return [block.start for block in self.blocks]

    @cached_property
    def _squeezed(self) -> tuple[tuple[str, Sequence[int]], ...]:
        """The text without white space, with hyphens at line ends taken as breaks, and as a part of the word."""
        whole = Mapped.of(self.text)
        joined, kept = whole.sub(_LINE_BREAK_HYPHEN), whole.sub(_KEPT_HYPHEN, 1)
        return tuple((one.text, one.starts) for one in (joined.sub(_SPACE), kept.sub(_SPACE)))


def squeeze(text: str) -> str:
    """The text without white space and without hyphens at line ends."""
    return _SPACE.sub("", _LINE_BREAK_HYPHEN.sub("", text))


def line_marks(text: str) -> list[Mark]:
    """A mark for each line of a text that has no pages."""
    marks = [Mark(0, None, 1)]
    for number, match in enumerate(re.finditer(r"\n", text), start=2):
        marks.append(Mark(match.end(), None, number))
    return marks
