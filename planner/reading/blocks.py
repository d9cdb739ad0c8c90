"""From a view with a few marks in it to headings, paragraphs and tables' rows; the same for every form of source.

Invariant: the marks are control codes, which no source can bring along: they are taken out of it before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .document import Block, BlockKind
from .mapped import Mapped

HEADING = "\x01"
"""Before a heading, once for each level."""
CELL = "\x02"
"""Between the cells of a row."""
ROW = "\x03"
"""Before a row."""
BREAK = "\n\n"

FOREIGN_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_PIECE = re.compile(r"(?:(?!\n[ \t]*\n|\n[\x01\x03]).)+", re.DOTALL)
_NUMBER = re.compile(
    r"^\s*(?:(?:[Ss]ection|[Aa]ppendix|[Cc]hapter)\s+(\d+(?:\.\d+)*|[A-Z](?:\.\d+)*)\b|(\d+(?:\.\d+)*"
    r"|[A-Z](?:\.\d+)+|[B-H](?=\s+[A-Z])|[A-H](?=[.:)]))[.:)]?\s+(?=\S))",
)
_APPENDICES = re.compile(r"(?:[A-Z\d]\.?\s)?(?:appendix|appendices|supplementary(?: material)?)\b", re.IGNORECASE)

_REWRITES: tuple[tuple[re.Pattern[str], tuple[str | int, ...]], ...] = (
    (re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000\t\f\r]"), (" ",)),
    (re.compile("\u00ad\\s*\n?"), ()),
    (re.compile(r"(?<=[A-Za-z]{2})[-\u2010][ ]*\n[ ]*(?=[a-z])"), ()),
    (re.compile(r"[\u2212\u2010\u2011\ufe63\uff0d]"), ("-",)),
    (re.compile("ﬁ"), ("fi",)),
    (re.compile("ﬂ"), ("fl",)),
    (re.compile("ﬀ"), ("ff",)),
    (re.compile("ﬃ"), ("ffi",)),
    (re.compile("ﬄ"), ("ffl",)),
    (re.compile("[ϵ𝜖𝜀ɛ]"), ("ε",)),
    (re.compile("[𝛽ß](?=\\s?[_12₁₂=])"), ("β",)),
    (re.compile("[𝜂]"), ("η",)),
    (re.compile("[𝜆]"), ("λ",)),
    (re.compile(r"[“”„«»]"), ('"',)),
    (re.compile(r"[‘’]"), ("'",)),
    (re.compile(r"[⋅∙•](?=\s?10)"), ("×",)),
)  # fmt: skip
_RAISED = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
_RAISED_AS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_LOWERED_AS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def normalised(view: Mapped) -> Mapped:
    """One way of writing for each thing: plain spaces, plain minus signs, ``10^-4``, ``β1``, whole words."""
    for pattern, parts in _REWRITES:
        view = view.sub(pattern, *parts)
    view = view.rewrite(_RAISED, lambda match: (f"^{match.group().translate(_RAISED_AS)}",))
    return view.rewrite(_LOWERED, lambda match: (match.group().translate(_LOWERED_AS),))


def blocks(view: Mapped) -> tuple[Block, ...]:
    """All blocks in order; consecutive rows are one table."""
    return tuple(_blocks(view.text))


def _blocks(text: str) -> Iterator[Block]:
    titles: list[tuple[int, str]] = []
    section: str | None = None
    table, in_table = 0, False
    in_appendix, is_first = False, True
    for match in _PIECE.finditer(text):
        start, end = _trimmed(text, *match.span())
        if start == end:
            continue
        if text[start] == ROW:
            table += not in_table
            in_table = True
            cells = tuple(_cells(text, start + 1, end))
            yield Block(BlockKind.ROW, start + 1, end, section, _names(titles), cells, table)
            continue
        in_table = False
        if text[start] == HEADING:
            level = len(text[start:end]) - len(text[start:end].lstrip(HEADING))
            title = " ".join(text[start + level : end].split())
            in_appendix |= _APPENDICES.match(title) is not None
            titles = [*(one for one in titles if 0 < one[0] < level), (level, title)]
            titles = [(0, "Appendix"), *titles] if in_appendix else titles
            number = _NUMBER.match(title)
            section = number[1] or number[2] if number else title or None
            if is_first and level == 1 and number is None:
                titles = []  # the source's own title says nothing about a section
            is_first = False
            yield Block(BlockKind.HEADING, start + level, max(end, start + level), section, _names(titles))
            continue
        yield Block(BlockKind.TEXT, start, end, section, _names(titles))


def _names(titles: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(title for _, title in titles)


def _cells(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for cell in text[start:end].split(CELL):
        yield _trimmed(text, at, at + len(cell))
        at += len(cell) + 1


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
