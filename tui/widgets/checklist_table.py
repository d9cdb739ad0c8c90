"""The checklist of a paper, one item a line: the person's mark, what it is, and what is said.

Invariant: every mark is a sign; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...planner.reading.checklist import Checklist, Item, Mark, Part
from ...planner.reading.unsaid import Candidate, candidates
from ..reading_words import candidate_words, item_words, value_words
from ..text import clean, fit
from .painted import Piece
from .rows import Rows

SIGNS = "[x] taken  [~] yours  [-] left out  ! said twice  ? not said"
_PARTS = {
    Part.TARGET: "to reach",
    Part.HYPERPARAMETER: "value",
    Part.UNSAID: "not said",
    Part.REQUIREMENT: "asked",
}
_PART_WIDTH = 9
_MARK_WIDTH = 5
_BOXES = {
    Mark.OPEN: ("[ ]", "muted"),
    Mark.CONFIRMED: ("[x]", "good"),
    Mark.CHANGED: ("[~]", "accent"),
    Mark.LEFT_OUT: ("[-]", "faint"),
}


def name_width(width: int) -> int:
    """How wide the column of names is."""
    return min(24, max(14, width // 4))


def head(width: int) -> str:
    """The names of the columns."""
    return f"{'':<{_MARK_WIDTH}}{'what':<{_PART_WIDTH}}{fit('name', name_width(width))}  what the source says"


class ChecklistTable(Rows):
    """The items, in the order of their numbers."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: Sequence[Item] = ()
        self.contradicted: frozenset[int] = frozenset()
        self._candidates: Sequence[Candidate] = ()

    def show(self, checklist: Checklist) -> None:
        """Draw these from now on."""
        self.items = checklist.items
        open_names = {one.name for one in checklist.open_conflicts()}
        self.contradicted = frozenset(
            one.number
            for one in self.items
            if one.name in open_names and not one.is_out and checklist.rivals(one.number)
        )
        self._candidates = candidates(checklist.brief)
        self.rows_changed()

    @property
    def in_hand(self) -> Item | None:
        """The item at the cursor."""
        return self.items[self.cursor] if self.items else None

    def row_count(self) -> int:
        return len(self.items)

    def draw(self, index: int, width: int) -> list[Piece]:
        item = self.items[index]
        names = name_width(width)
        room = max(0, width - _MARK_WIDTH - _PART_WIDTH - names - 2)
        return [
            self._mark(item),
            (fit(_PARTS[item.part], _PART_WIDTH), "muted"),
            (fit(clean(item.name), names), "faint" if item.is_out else "strong"),
            ("  ", ""),
            (fit(self._said(item), room), "faint" if item.is_out else ""),
        ]

    def _mark(self, item: Item) -> Piece:
        if item.number in self.contradicted:
            return " !   ", "warn"
        if item.part is Part.UNSAID and item.answer.mark is Mark.OPEN:
            return " ?   ", "muted"
        box, ink = _BOXES[item.answer.mark]
        return f"{box}  ", ink

    def _said(self, item: Item) -> str:
        if item.part is Part.REQUIREMENT or item.part is Part.TARGET:
            return item_words(item).removeprefix(f"{item.name} ")
        if item.answer.mark is Mark.CHANGED:
            return item_words(item).partition(" = ")[2]
        if item.part is Part.UNSAID:
            return clean(candidate_words(item, self._candidates)) or "the recipe chooses"
        return value_words(item)
