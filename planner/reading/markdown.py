"""Markdown: headings, lists, tables, fenced settings, mathematics between dollar signs.

Invariant: the text is the file's own; only the view leaves its marks out.
"""

from __future__ import annotations

import re

from .blocks import BREAK, CELL, HEADING, ROW
from .mapped import Mapped
from .mathematics import without_mathematics

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n(.*?)^[ \t]*(?:```|~~~)[ \t]*$", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"\n(?=[^\n])")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HASHES = re.compile(r"^[ ]{0,3}(#{1,6})[ \t]+([^\n]*?)[ \t#]*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(?![ ]*[-*+|>#])([^\n|]+)\n[ ]{0,3}(=+|-{3,})[ ]*$", re.MULTILINE)
_SETTING = re.compile(r"\n(?=[ \t]*[*`_]*[A-Za-z][\w ./-]{0,30}[*`_]*[ ]?:[*`_]*[ \t]+\S)")
_RULE = re.compile(r"^[ ]*\|?[ ]*:?-{2,}:?[ ]*(?:\|[ ]*:?-{1,}:?[ ]*)*\|?[ ]*$|^[ ]*[-*_]{3,}[ ]*$", re.MULTILINE)
_TABLE_LINE = re.compile(r"^[ ]*\|?([^\n|]+(?:\|[^\n|]*)+)\|?[ ]*$", re.MULTILINE)
_BAR = re.compile(r"\|")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,2}[.)])[ \t]+(?:\[[ xX]\][ ]+)?", re.MULTILINE)
_QUOTED = re.compile(r"^[ ]*>[ ]?", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\([^)\n]*\)")
_TAG = re.compile(r"</?(?:b|i|em|strong|code|br|p|div|span|center|sup|sub|kbd)\b[^<>\n]*>", re.IGNORECASE)
_BOLD = re.compile(r"(?<!\w)(\*\*|__)(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
_ITALIC = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^\n*_]+?)(?<=\S)\1(?![\w*])")
_CODE = re.compile(r"(`+)([^`\n]+)\1")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|$%&~-])")


def view(text: str) -> Mapped:
    """The text with marks for its structure."""
    seen = Mapped.of(text).sub(_COMMENT)
    seen = seen.sub(_FENCE, BREAK, 1, BREAK)
    seen = _separated_fences(text, seen)
    seen = seen.rewrite(_HASHES, lambda match: (BREAK + HEADING * len(match.group(1)), 2, BREAK))
    seen = seen.rewrite(_UNDERLINED, lambda match: (BREAK + HEADING * (1 if match.group(2)[0] == "=" else 2), 1, BREAK))
    seen = seen.sub(_SETTING, BREAK).sub(_RULE)
    seen = without_mathematics(seen)
    seen = seen.rewrite(_TABLE_LINE, lambda match: ("\n" + ROW, 1, "\n"))
    seen = _cells(seen)
    for pattern, parts in (
        (_QUOTED, ()), (_ITEM, (BREAK,)), (_IMAGE, (1,)), (_LINK, (1,)), (_TAG, ()),
        (_CODE, (2,)), (_BOLD, (2,)), (_ITALIC, (2,)), (_ESCAPED, (1,)),
    ):  # fmt: skip
        seen = seen.sub(pattern, *parts)
    return seen


def _separated_fences(text: str, seen: Mapped) -> Mapped:
    """Each line of a fenced block on its own: it holds settings, not prose."""
    spans = [match.span(1) for match in _FENCE.finditer(text)]
    if not spans:
        return seen

    def parts(match: re.Match[str]) -> tuple[str]:
        origin = seen.starts[match.start()]
        return (BREAK,) if any(start <= origin < end for start, end in spans) else ("\n",)

    return seen.rewrite(_LINE, parts)


def _cells(seen: Mapped) -> Mapped:
    row = re.compile(rf"{ROW}[^\n]*")
    spans = [match.span() for match in row.finditer(seen.text)]
    inside = iter(spans)
    current = next(inside, (len(seen.text), len(seen.text)))

    def parts(match: re.Match[str]) -> tuple[str]:
        nonlocal current
        while match.start() >= current[1]:
            current = next(inside, (len(seen.text), len(seen.text) + 1))
        return (CELL,) if current[0] <= match.start() < current[1] else ("|",)

    return seen.rewrite(_BAR, parts)
