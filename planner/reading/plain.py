"""Plain text: headings by their numbers, capitals or underlines; tables by their alignment; lists; settings.

Invariant: the text is the file's own.
"""

from __future__ import annotations

import re
from itertools import pairwise

from .blocks import BREAK, CELL, HEADING, ROW
from .mapped import Mapped
from .mathematics import without_mathematics

_REPLIES = re.compile(r"^>[^\n]*(?:\n>[^\n]*)*", re.MULTILINE)
_MOST_QUOTED = 0.5
"""The share from which on a letter's quoted lines are its contents, and not what somebody else wrote before."""
_REPLY = re.compile(r"^(?:>[ ]?)+", re.MULTILINE)
_UNDERLINED = re.compile(r"^([^\n]{2,80})\n(=+|-+|~+|\*+)[ ]*$", re.MULTILINE)
_RULE = re.compile(r"^[ ]*[-=_*~+|]{3,}[ -=_*~+|]*$", re.MULTILINE)
_NUMBERED = re.compile(
    r"(?:(?<=\n\n)|\A)[ ]{0,3}((?:\d{1,2}(?:\.\d{1,2}){0,3}"
    r"|[A-H](?:\.\d{1,2}){0,2})\.?[ ]+[A-Z][^\n.!?:;]{2,70})[ ]*$(?!\n\s*\d+[.)])",
    re.MULTILINE,
)
_CAPITALS = re.compile(r"^[ ]{0,3}([A-Z][A-Z0-9 /&,()-]{3,60}):?[ ]*$", re.MULTILINE)
_TITLE = re.compile(
    r"(?:(?<=\n\n)|\A)(Abstract|Introduction|Related [Ww]orks?|Background|Method(?:s|ology)?|Experiments?|Results?"
    r"|Training(?: [Dd]etails)?"
    r"|Discussion|Conclusions?|References|Bibliography|Acknowledge?ments|Ablations?(?: [Ss]tud(?:y|ies))?"
    r"|Appendix[^\n]{0,60})[ ]*$",
    re.MULTILINE,
)
_ITEM = re.compile(r"^[ \t]*(?:[-*+•·–o]|\(?\d{1,2}[.)]|\(?[a-h]\))[ \t]+(?=\S)", re.MULTILINE)
_SETTING = re.compile(r"\n(?=[ \t]*[\w][\w .()/-]{0,40}[ ]?[:=][ \t]*\S)")
_ALIGNED = re.compile(r"^[ \t]*(\S[^\n]*?\S|\S)((?:[ ]{2,}|[ ]*\t+[ ]*)\S[^\n]*)$", re.MULTILINE)
_GAP = re.compile(r"(?<=[^\s\x03])(?:[ ]{2,}|[ ]*\t[ \t]*|[ ]*\|[ ]*)(?=\S)")
_PIPES = re.compile(r"^[ ]*\|?([^\n|]+(?:\|[^\n|]*)+)\|?[ ]*$", re.MULTILINE)
_NEIGHBOURS = 2
"""Characters between the end of one row and the beginning of the next."""
_AFTER_SENTENCE = re.compile(r"[.!?,;][ ]{2}")


def view(text: str) -> Mapped:
    """The text with marks for its structure."""
    seen = Mapped.of(text)
    quoted = sum(len(match.group()) for match in _REPLIES.finditer(text))
    seen = seen.sub(_REPLIES, BREAK) if quoted < _MOST_QUOTED * len(text) else seen.sub(_REPLY)
    seen = seen.rewrite(_UNDERLINED, lambda match: (BREAK + HEADING * (1 if match.group(2)[0] == "=" else 2), 1, BREAK))
    seen = seen.sub(_RULE)
    seen = seen.rewrite(_NUMBERED, _numbered)
    seen = seen.sub(_CAPITALS, BREAK + HEADING * 2, 1, BREAK)
    seen = seen.sub(_TITLE, BREAK + HEADING, 1, BREAK)
    seen = seen.sub(_ITEM, BREAK)
    seen = with_rows(seen)
    seen = seen.rewrite(_SETTING, lambda match: (BREAK,))
    return without_mathematics(seen)


def _numbered(match: re.Match[str]) -> tuple[str | int, ...]:
    return (BREAK + HEADING * (1 + match.group(1).split()[0].rstrip(".").count(".")), 1, BREAK)


def with_rows(seen: Mapped) -> Mapped:
    """Neighbouring lines whose parts stand in columns are rows of a table."""
    text = seen.text
    found = [match for match in _ALIGNED.finditer(text) if not _AFTER_SENTENCE.search(match.group())]
    found += _PIPES.finditer(text)
    found.sort(key=lambda match: match.start())
    pairs = [(one, other) for one, other in pairwise(found) if other.start() - one.end() <= _NEIGHBOURS]
    near = {match.start() for pair in pairs for match in pair}
    spans = [match.span() for match in found if match.start() in near]
    if not spans:
        return seen
    row_starts = {start for start, _ in spans}
    line = re.compile(r"^[^\n]+$", re.MULTILINE)
    marked = seen.rewrite(line, lambda match: ("\n" + ROW, 0, "\n") if match.start() in row_starts else (0,))
    row = re.compile(rf"(?<={ROW})[^\n]*")
    limits = [match.span() for match in row.finditer(marked.text)]
    within = {at for start, end in limits for at in range(start, end)}
    return marked.rewrite(_GAP, lambda match: (CELL,) if match.start() in within else (0,))
