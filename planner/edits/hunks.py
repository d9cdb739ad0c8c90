"""A change of one text as hunks, any of which may be taken without the others.

Pure. Invariant: taking all hunks gives the new text, byte for byte, and taking none the old one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Hunk:
    """Neighbouring changes with the lines around them; each line keeps its ending."""

    start: int
    """The first line of the old text that it shows, counted from 0."""
    new_start: int
    lines: tuple[tuple[str, str], ...]
    """The sign (a blank, ``-`` or ``+``) and the line."""

    @property
    def old(self) -> tuple[str, ...]:
        """The lines of the old text."""
        return tuple(text for sign, text in self.lines if sign != "+")

    @property
    def new(self) -> tuple[str, ...]:
        """The lines of the new text."""
        return tuple(text for sign, text in self.lines if sign != "-")

    @property
    def head(self) -> str:
        """As a diff writes it."""
        return f"@@ -{_range(self.start, len(self.old))} +{_range(self.new_start, len(self.new))} @@"


def hunks_between(old: str, new: str) -> tuple[Hunk, ...]:
    """Every change from the old text to the new one."""
    before, after = split(old), split(new)
    groups = SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT)
    return tuple(Hunk(group[0][1], group[0][3], tuple(_lines(group, before, after))) for group in groups)


def with_hunks(old: str, hunks: Sequence[Hunk], taken: Collection[int]) -> str:
    """The old text with those hunks whose number (from 1) is taken."""
    before, kept, at = split(old), [], 0
    for number, hunk in enumerate(hunks, start=1):
        kept += before[at : hunk.start]
        kept += hunk.new if number in taken else hunk.old
        at = hunk.start + len(hunk.old)
    return "".join([*kept, *before[at:]])


def unified(path: str, hunks: Sequence[Hunk]) -> Iterator[str]:
    """A diff, line by line, without line endings."""
    if hunks:
        yield f"--- a/{path}"
        yield f"+++ b/{path}"
    for hunk in hunks:
        yield hunk.head
        for sign, text in hunk.lines:
            yield f"{sign}{text.rstrip(chr(10)).rstrip(chr(13))}"
            if not text.endswith("\n"):
                yield "\\ No newline at end of file"


def split(text: str) -> list[str]:
    """Lines with their endings; only line feeds end a line, whatever else Unicode calls a break."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _lines(
    group: Sequence[tuple[str, int, int, int, int]], before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for kind, old_from, old_to, new_from, new_to in group:
        if kind == "equal":
            yield from ((" ", line) for line in before[old_from:old_to])
        else:
            yield from (("-", line) for line in before[old_from:old_to])
            yield from (("+", line) for line in after[new_from:new_to])


def _range(start: int, count: int) -> str:
    return f"{start + 1 if count else start},{count}"
