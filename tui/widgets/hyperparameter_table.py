"""Hyperparameters, one a line: name, value, origin and place; what is unknown and matters is marked with a sign.

Invariant: every mark is a sign; colour only repeats it.
"""

from __future__ import annotations

from ...planner.provenance import Hyperparameter, Origin
from ..provenance_words import name_words, place_words, value_words
from ..text import fit, fit_left
from .painted import Piece
from .rows import Rows

SIGNS = "? unknown, and it matters · ≠ differs between libraries"
_ORIGINS = {Origin.REFERENCE: "reference", Origin.RECIPE: "recipe", Origin.PERSON: "person"}
"""Shorter than their names, for a narrow column."""
_ORIGIN_WIDTH = max(len(_ORIGINS.get(origin, origin)) for origin in Origin)
_SIGNS_WIDTH = 3
_GAPS = 6


def column_widths(width: int) -> tuple[int, int, int]:
    """The widths of name, value and place; the origin's is fixed."""
    room = max(24, width - _SIGNS_WIDTH - _ORIGIN_WIDTH - _GAPS)
    place = min(24, max(14, room // 4))
    value = (room - place) * 2 // 5
    return room - place - value, value, place


def head(width: int) -> str:
    """The names of the columns."""
    name, value, place = column_widths(width)
    cells = (fit("name", name), fit("value", value), fit("origin", _ORIGIN_WIDTH), fit("where", place))
    return " " * _SIGNS_WIDTH + "  ".join(cells)


class HyperparameterTable(Rows):
    """The table of provenance, in the order in which a person should look at it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hyperparameters: tuple[Hyperparameter, ...] = ()

    def show(self, rows: tuple[Hyperparameter, ...]) -> None:
        """Draw these from now on."""
        if rows != self.hyperparameters:
            self.hyperparameters = rows
            self.rows_changed()

    @property
    def in_hand(self) -> Hyperparameter | None:
        """The one at the cursor."""
        return self.hyperparameters[self.cursor] if self.hyperparameters else None

    def row_count(self) -> int:
        return len(self.hyperparameters)

    def draw(self, index: int, width: int) -> list[Piece]:
        row = self.hyperparameters[index]
        name, value, place = column_widths(width)
        ink = "warn" if row.is_open else "muted"
        return [
            ("?" if row.is_open else " ", "warn"),
            ("≠ " if row.note else "  ", "accent"),
            (fit(name_words(row), name), "strong" if row.is_open else ""),
            ("  ", ""),
            (fit(value_words(row), value), ""),
            ("  ", ""),
            (fit(_ORIGINS.get(row.origin, str(row.origin)), _ORIGIN_WIDTH), ink),
            ("  ", ""),
            (fit_left(place_words(row), place), "muted"),
        ]
