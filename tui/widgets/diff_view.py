"""The diff of an edit: one line a row, side by side where there is room; each hunk can be left out.

Invariant: a row's sign says what it is (``-``, ``+``, or a blank); colour only repeats it. A file's text is no markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ...planner.edits.hunks import Hunk
from ...planner.edits.proposal import FileEdit
from ..text import clean, fit
from .painted import Piece
from .rows import Rows

SIDE_BY_SIDE = 120
"""From how many cells on both texts stand beside each other."""
_NUMBER = 5
_INKS = {"-": "bad", "+": "good", " ": ""}


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row; ``hunk`` counts from 1 through all files, and is 0 for the head of a file."""

    hunk: int
    head: str = ""
    old: tuple[int, str, str] | None = None
    """Line number, sign, text."""
    new: tuple[int, str, str] | None = None


class DiffView(Rows):
    """The rows of a diff with the hunks that are taken."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._files: Sequence[FileEdit] = ()
        self.rows: Sequence[DiffRow] = ()
        self.taken: frozenset[int] = frozenset()

    def show(self, files: Sequence[FileEdit]) -> None:
        """Draw these from now on, with every hunk taken."""
        self._files = files
        self.taken = frozenset(range(1, sum(len(one.hunks) for one in files) + 1))
        self.cursor = 0
        self._lay_out()

    def _lay_out(self) -> None:
        self.rows = tuple(rows(self._files, wide=self.is_wide))
        self.rows_changed()

    @property
    def is_wide(self) -> bool:
        """Whether both texts stand beside each other."""
        return self.size.width >= SIDE_BY_SIDE

    def on_resize(self) -> None:
        hunk = self.hunk_in_hand
        self._lay_out()
        self.cursor = next((at for at, row in enumerate(self.rows) if row.hunk == hunk), 0)

    @property
    def hunk_in_hand(self) -> int:
        """The hunk at the cursor; 0 where there is none."""
        return self.rows[self.cursor].hunk if self.cursor < len(self.rows) else 0

    def toggle(self) -> None:
        """Take the hunk at the cursor, or leave it out."""
        if self.hunk_in_hand:
            self.taken ^= {self.hunk_in_hand}
            self.refresh()

    def next_hunk(self) -> None:
        """To the next hunk, after the last to the first."""
        heads = [at for at, row in enumerate(self.rows) if row.hunk and row.head]
        if heads:
            self.cursor = next((at for at in heads if at > self.cursor), heads[0])

    def row_count(self) -> int:
        return len(self.rows)

    def draw(self, index: int, width: int) -> list[Piece]:
        row = self.rows[index]
        if row.head and not row.hunk:
            return [(fit(clean(row.head), width), "strong")]
        if row.head:
            box = "[x]" if row.hunk in self.taken else "[ ]"
            return [(f"{box} hunk {row.hunk} ", "accent"), (fit(row.head, max(0, width - 12)), "muted")]
        if not self.is_wide:
            return list(self._side(row.old or row.new, width, row.hunk))
        half = (width - 3) // 2
        middle: Piece = (" │ ", "faint")
        return [*self._side(row.old, half, row.hunk), middle, *self._side(row.new, half, row.hunk)]

    def _side(self, side: tuple[int, str, str] | None, width: int, hunk: int) -> Iterator[Piece]:
        if side is None:
            yield " " * width, ""
            return
        number, sign, text = side
        ink = _INKS[sign] if hunk in self.taken else "faint"
        yield f"{number:>{_NUMBER}} ", "faint"
        yield fit(f"{sign} {clean(text)}", max(0, width - _NUMBER - 1)), ink


def rows(files: Sequence[FileEdit], *, wide: bool) -> Iterator[DiffRow]:
    """Every row of a diff."""
    number = 0
    for file in files:
        yield DiffRow(0, file.path)
        for hunk in file.hunks:
            number += 1
            yield DiffRow(number, hunk.head)
            yield from _side_by_side(hunk, number) if wide else _unified(hunk, number)


def _unified(hunk: Hunk, number: int) -> Iterator[DiffRow]:
    for sign, old, new, text in _numbered(hunk):
        yield DiffRow(number, old=(new if sign == "+" else old, sign, text))


def _side_by_side(hunk: Hunk, number: int) -> Iterator[DiffRow]:
    gone: list[tuple[int, str, str]] = []
    come: list[tuple[int, str, str]] = []
    for sign, old, new, text in [*_numbered(hunk), (" ", 0, 0, "")]:
        if sign == "-":
            gone.append((old, sign, text))
        elif sign == "+":
            come.append((new, sign, text))
        else:
            yield from (DiffRow(number, old=left, new=right) for left, right in zip_longest(gone, come))
            gone, come = [], []
            if old:
                yield DiffRow(number, old=(old, sign, text), new=(new, sign, text))


def _numbered(hunk: Hunk) -> Iterator[tuple[str, int, int, str]]:
    """The sign, the line's number in the old and in the new text, and the line."""
    old, new = hunk.start, hunk.new_start
    for sign, text in hunk.lines:
        old, new = old + (sign != "+"), new + (sign != "-")
        yield sign, old, new, text.rstrip("\n")
