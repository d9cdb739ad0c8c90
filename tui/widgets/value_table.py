"""The values of an experiment that is to be written, one a line: name, value, origin, and what says so."""

from __future__ import annotations

from collections.abc import Sequence

from ...planner.provenance import Origin
from ...planner.recipes.values import Value
from ..reading_words import place_words, scalar
from ..text import clean, fit
from .painted import Piece
from .rows import Rows

_NAME, _VALUE, _ORIGIN = 18, 9, 20


def head(width: int) -> str:
    """The names of the columns."""
    return f"{'name':<{_NAME}} {'value':<{_VALUE}} {'origin':<{_ORIGIN}} says"


class ValueTable(Rows):
    """The values, in the order in which they are written."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.values: Sequence[Value] = ()

    def show(self, values: Sequence[Value]) -> None:
        """Draw these from now on."""
        self.values = values
        self.rows_changed()

    def row_count(self) -> int:
        return len(self.values)

    def draw(self, index: int, width: int) -> list[Piece]:
        one = self.values[index]
        quoted = one.origin is Origin.QUOTED and one.place is not None
        says = f"{place_words(one.place)}: “{one.pointer}”" if quoted and one.place else one.pointer
        ink = "accent" if one.origin is Origin.PERSON else "muted"
        return [
            (fit(one.name, _NAME), "strong"),
            (" ", ""),
            (fit(clean(scalar(one.value)), _VALUE), ""),
            (" ", ""),
            (fit(str(one.origin), _ORIGIN), ink),
            (" ", ""),
            (fit(clean(says), max(0, width - _NAME - _VALUE - _ORIGIN - 3)), "muted"),
        ]
