"""What every widget that draws its own lines shares: a small set of inks, and lines made of plain segments.

Invariant: text goes into segments as it is, never through markup; colour only repeats what words or signs already say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

Piece: TypeAlias = tuple[str, str]
"""Text and the name of its ink; the empty name is the widget's own colour."""

INKS = ("muted", "faint", "strong", "good", "warn", "bad", "accent", "cursor", "hover", "match")
SERIES_INKS = ("series-1", "series-2", "series-3", "series-4", "series-5")


class Painted(Widget):
    """A widget whose lines are made of inked pieces."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{name}" for name in (*INKS, *SERIES_INKS)}
    ALLOW_SELECT = False

    def ink(self, name: str, click: str = "") -> Style:
        """The style of an ink; with ``click``, an action that a click on the text does."""
        style = self.get_component_rich_style(f"ink--{name}", partial=True) if name else Style()
        return style + Style(meta={"@click": click}) if click else style

    def strip(self, pieces: Iterable[Piece], width: int, background: str = "") -> Strip:
        """One line of exactly ``width`` cells; ``background`` is the ink beneath all of it."""
        segments = [Segment(text, self.ink(name)) for text, name in pieces]
        return self.finish(segments, width, background)

    def finish(self, segments: Iterable[Segment], width: int, background: str = "") -> Strip:
        """Lay segments over the widget's own style and cut or fill them to ``width``."""
        base = self.rich_style + self.ink(background)
        return Strip(segments).adjust_cell_length(width).apply_style(base)


def pieces_width(pieces: Iterable[Piece]) -> int:
    """How many cells some pieces take."""
    return sum(cell_len(text) for text, _ in pieces)
