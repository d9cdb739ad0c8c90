"""A drawing surface of braille dots, two across and four down in every cell, and the marks on its axes.

Invariant: pure arithmetic on integers; it knows nothing of terminals, colours or metrics.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

DOTS_ACROSS, DOTS_DOWN = 2, 4
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bit of a dot by column and row within its cell, as Unicode orders them from U+2800."""
_FROM = tuple(tuple(sum(column[row:]) for row in range(DOTS_DOWN)) for column in _BITS)
_UP_TO = tuple(tuple(sum(column[: row + 1]) for row in range(DOTS_DOWN)) for column in _BITS)

Span = tuple[int, int]
"""The first and last dot row that a curve covers in one dot column."""


class Canvas:
    """Dots in ``width`` × ``height`` cells; row 0 is at the top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [bytearray(width) for _ in range(height)]

    def vertical(self, column: int, top: int, bottom: int) -> None:
        """Set the dots ``top`` … ``bottom`` of one dot column, whole cells at once."""
        cell, side = divmod(column, DOTS_ACROSS)
        first_row, first_dot = divmod(top, DOTS_DOWN)
        last_row, last_dot = divmod(bottom, DOTS_DOWN)
        if first_row == last_row:
            self.cells[first_row][cell] |= _FROM[side][first_dot] & _UP_TO[side][last_dot]
            return
        self.cells[first_row][cell] |= _FROM[side][first_dot]
        for row in range(first_row + 1, last_row):
            self.cells[row][cell] |= _FROM[side][0]
        self.cells[last_row][cell] |= _UP_TO[side][last_dot]

    def curve(self, spans: Sequence[Span | None], pattern: Sequence[bool] = (True,)) -> None:
        """Draw one span a dot column, joined to the one before; ``pattern`` leaves columns out to tell curves apart."""
        previous: Span | None = None
        for column, span in enumerate(spans):
            if span is not None:
                top, bottom = span
                if previous is not None:
                    # Reach half a step towards the neighbour, so that a steep curve has no holes.
                    top, bottom = min(top, previous[1] + 1), max(bottom, previous[0] - 1)
                if pattern[column % len(pattern)]:
                    self.vertical(column, top, bottom)
            previous = span

    def row_text(self, row: int) -> str:
        """One row of cells as characters; a cell without dots is a space."""
        return as_text(self.cells[row])


_CHARACTERS = [" ", *(chr(0x2800 + bits) for bits in range(1, 256))]
_COVER = bytes([0, *[0xFF] * 255])
_SAME = re.compile(rb"(.)\1*", re.DOTALL)


def as_text(cells: bytes | bytearray) -> str:
    """Cells as characters."""
    return "".join(map(_CHARACTERS.__getitem__, cells))


def overlaid(rows: Sequence[bytearray]) -> list[tuple[str, int]]:
    """The same row of several canvases over one another: texts with the number of the canvas that owns each.

    Where curves meet, all their dots are there and the first one owns the cell. Worked out on whole rows at once, as
    large integers, because a chart is redrawn a few times a second.
    """
    width = len(rows[0])
    dots = owners = 0
    for number in range(len(rows) - 1, -1, -1):
        cells = rows[number]
        cover = int.from_bytes(cells.translate(_COVER), "big")
        dots |= int.from_bytes(cells, "big")
        owners = (owners & ~cover) | (cover & int.from_bytes(bytes([number]) * width, "big"))
    bits, owner = dots.to_bytes(width, "big"), owners.to_bytes(width, "big")
    return [(as_text(bits[part.start() : part.end()]), part[0][0]) for part in _SAME.finditer(owner)]


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """At most ``most`` round values within ``low`` … ``high``, evenly spaced by 1, 2 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return [low] if math.isfinite(low) and most >= 1 else []
    rough = (high - low) / most
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 5, 10, 20) if factor * magnitude >= rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 12) if abs(step) > 1e-9 else index * step for index in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten between two positive values, with 2 and 5 times them where there is room."""
    if low <= 0 or high <= low or most < 1:
        return []
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        inside = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
        if len(inside) <= most:
            return inside
    return inside[:: math.ceil(len(inside) / most)]


def short(value: float) -> str:
    """An axis mark in at most six characters: ``0``, ``0.02``, ``2.5``, ``18k``, ``1e-07``."""
    magnitude = abs(value)
    if magnitude == 0:
        return "0"
    for limit, divisor, suffix in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if magnitude >= limit and magnitude < 1e12:
            return f"{value / divisor:.3g}{suffix}"
    if magnitude < 1e-3 or magnitude >= 1e12:
        return f"{value:.0e}" if f"{value:.0e}" == f"{value:.1e}".replace(".0e", "e") else f"{value:.1e}"
    return f"{value:.3g}" if magnitude < 1000 else f"{value:.0f}"
