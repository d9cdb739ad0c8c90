"""Sentences of a paragraph, and sentences with their numbers taken out, so that rules see words and gaps.

Invariant: every position in a statement's words leads back to the view.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .document import Block, BlockKind, Document
from .mapped import Mapped
from .numbers import Number, numbers

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9‹βε\-*])|(?<=[.!?][\"')\]])\s+(?=[A-Z])|\n(?=\s*[-•])")
_SHORTENED = re.compile(
    r"(?:\b(?:e\.g|i\.e|et al|etc|cf|vs|resp|approx|ca|fig|figs|eq|eqs|sec|secs|tab|no|nos|ref|refs|dr|prof|mr|ms"
    r"|st|dept|min|max|avg"
    r"|incl|w\.r\.t|a\.k\.a|var|dim|vol|pp|ch|app)|(?<![A-Za-z])[A-Z])\.[\"')\]]*\s*$",
    re.IGNORECASE,
)
_REAL_END = re.compile(r"\b(?:etc|min|max|no)\.\s*$", re.IGNORECASE)
FIRST_NUMBER, LAST_NUMBER = 0xE000, 0xF8FF
NUMBER = f"[{chr(FIRST_NUMBER)}-{chr(LAST_NUMBER)}]"
"""In a pattern: any number."""
_MOST_CHARACTERS = 4_000


@dataclass(frozen=True)
class Statement:
    """One sentence, or a table's row; each number in ``words`` is one character of its own."""

    block: Block
    start: int
    """In the view."""
    end: int
    seen: Mapped
    numbers: tuple[Number, ...]
    order: int
    """Its place among all statements."""
    taken: set[int] = field(default_factory=set)
    """Numbers that a rule has taken as the value of something."""

    @property
    def words(self) -> str:
        """The sentence with its numbers taken out."""
        return self.seen.text

    def number(self, at: int) -> Number:
        """The number that stands at a position of ``words``."""
        return self.numbers[ord(self.words[at]) - FIRST_NUMBER]

    def index(self, at: int) -> int:
        """Its place among the numbers."""
        return ord(self.words[at]) - FIRST_NUMBER

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of ``words`` in the view."""
        first, last = self.seen.origin(start, end)
        return self.start + first, self.start + last

    def is_number(self, at: int) -> bool:
        """Whether a number stands there."""
        return 0 <= at < len(self.words) and FIRST_NUMBER <= ord(self.words[at]) <= LAST_NUMBER


def statements(document: Document) -> list[Statement]:
    """Every sentence of the document's paragraphs and headings, and every row of its tables."""
    found: list[Statement] = []
    for block in document.blocks:
        spans = [(block.start, block.end)] if block.kind is not BlockKind.TEXT else _sentences(document, block)
        for start, end in spans:
            found.append(statement(document, block, start, min(end, start + _MOST_CHARACTERS), len(found)))
    return found


def statement(document: Document, block: Block, start: int, end: int, order: int) -> Statement:
    """A span of the view with its numbers taken out."""
    text = document.view.text[start:end].replace("\n", " ")
    read: list[Number] = []
    spans: list[tuple[int, int, str]] = []
    for one in numbers(text):
        if isinstance(one, Number):
            if len(read) > LAST_NUMBER - FIRST_NUMBER:
                break
            spans.append((one.start, one.end, chr(FIRST_NUMBER + len(read))))
            read.append(one)
        else:
            spans.append((*one, _reference(text[slice(*one)])))
    return Statement(block, start, end, _replaced(text, spans), tuple(read), order)


def _reference(words: str) -> str:
    """A citation names somebody else; any other reference is only a place."""
    return "‹cited›" if words.startswith(("[", "(", " (")) else "‹ref›"


def _replaced(text: str, spans: list[tuple[int, int, str]]) -> Mapped:
    whole = Mapped.of(text)
    pieces, starts, ends, at = [], [], [], 0
    for start, end, sign in [*spans, (len(text), len(text), "")]:
        pieces += [text[at:start], sign]
        starts += [*whole.starts[at:start], *[start] * len(sign)]
        ends += [*whole.ends[at:start], *[end] * len(sign)]
        at = end
    return Mapped("".join(pieces), starts, ends)


def _sentences(document: Document, block: Block) -> Iterator[tuple[int, int]]:
    text = document.view.text[block.start : block.end]
    at = 0
    for match in _END.finditer(text):
        before = text[at : match.start()]
        if _SHORTENED.search(before) and not (_REAL_END.search(before) and text[match.end()].isupper()):
            continue
        if before.strip():
            yield block.start + at, block.start + match.start()
        at = match.end()
    if text[at:].strip():
        yield block.start + at, block.end
