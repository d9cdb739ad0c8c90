"""From pieces of text on a page to lines in reading order: columns, lines, cells of tables, raised digits.

Invariant: every character of the page is in exactly one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from .glyphs import Glyphs

_SAME_LINE = 0.45
"""Of the height: baselines that differ by less are one line."""
_RAISED = 0.18
_SPACE = 0.13
"""Of the height: a gap from here on is a space."""
_CELL = 1.6
"""The same for a gap between cells."""
_LEAST_GUTTER = 8.0
_CROSSING = 0.12
"""The share of the lines that may cross a gutter: headings, captions, tables over both columns."""

_FEWEST_LINES = 4
_FILLED = 0.7
"""Of a column's width: what most lines of prose take."""
_PROSE_CHARACTERS = 18
_ALONE = 0.4


@dataclass(slots=True)
class Line:
    """Glyphs on one line of one column, from left to right."""

    glyphs: list[Glyphs] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Where it begins."""
        return min(one.left for one in self.glyphs)

    @property
    def right(self) -> float:
        """Where it ends."""
        return max(one.right for one in self.glyphs)

    @property
    def height(self) -> float:
        """The height of most of its characters."""
        return max(self.glyphs, key=lambda one: len(one.text)).height

    @property
    def base(self) -> float:
        """Its baseline."""
        return max(self.glyphs, key=lambda one: (one.height, len(one.text))).base

    def pieces(self) -> list[tuple[str, str]]:
        """Its text, each piece with what stands before it: nothing, a space, a cell's gap, ``^`` for raised digits."""
        ordered = sorted(self.glyphs, key=lambda one: one.left)
        height, base = self.height, self.base
        found: list[tuple[str, str]] = []
        end: float | None = None
        raised_before = False
        for one in ordered:
            raised = one.base - base > _RAISED * height and one.height < 0.95 * height
            gap = 0.0 if end is None else one.left - end
            before = ""
            if end is not None:
                before = "cell" if gap > _CELL * height else "space" if gap > _SPACE * height else ""
            if raised and not raised_before and before == "" and one.text.lstrip()[:1] in "-−–+0123456789":
                before = "raised"
            found.append((before, one.text))
            raised_before = raised
            end = one.right if end is None else max(end, one.right)
        return found


def lines(page: Sequence[Glyphs]) -> list[Line]:
    """The page's lines in the order in which they are read."""
    if not page:
        return []
    gutter = _gutter(page)
    if gutter is None:
        return _rows(page)
    ordered: list[Line] = []
    left: list[Glyphs] = []
    right: list[Glyphs] = []

    def flush() -> None:
        ordered.extend([*_rows(left), *_rows(right)])
        left.clear()
        right.clear()

    for row in _rows(page):
        sides = _sides(row, gutter)
        if sides is None:
            flush()
            ordered.append(row)
        else:
            left += sides[0]
            right += sides[1]
    flush()
    return ordered


def _rows(page: Sequence[Glyphs]) -> list[Line]:
    """Lines over the whole width, from the top."""
    found: list[Line] = []
    for one in sorted(page, key=lambda one: (-one.base, one.left)):
        fitting = next((line for line in reversed(found[-4:]) if _is_on(one, line)), None)
        if fitting is None:
            found.append(Line([one]))
        else:
            fitting.glyphs.append(one)
    return sorted(found, key=lambda line: -line.base)


def _is_on(one: Glyphs, line: Line) -> bool:
    height = max(line.height, one.height)
    return any(abs(one.base - other.base) < _SAME_LINE * height for other in line.glyphs[-6:])


def _sides(row: Line, gutter: tuple[float, float]) -> tuple[list[Glyphs], list[Glyphs]] | None:
    """What stands left and right of the gutter; ``None`` where something lies across it."""
    middle = sum(gutter) / 2
    if any(one.left < gutter[0] - 1 and one.right > gutter[1] + 1 for one in row.glyphs):
        return None
    left = [one for one in row.glyphs if (one.left + one.right) / 2 < middle]
    right = [one for one in row.glyphs if (one.left + one.right) / 2 >= middle]
    if left and right:
        apart = min(one.left for one in right) - max(one.right for one in left)
        if apart < 0.6 * _LEAST_GUTTER:
            return None
    return left, right


def _gutter(page: Sequence[Glyphs]) -> tuple[float, float] | None:
    """The empty strip between two columns, where there is one near the middle."""
    first, last = min(one.left for one in page), max(one.right for one in page)
    width = last - first
    rows = _rows(page)
    if width < 200 or len(rows) < 6:
        return None
    crossings = [0] * (int(width) + 2)
    for row in rows:
        taken: set[int] = set()
        for low, high in _spans(row):
            taken.update(range(max(0, int(low - first)), min(int(high - first) + 1, len(crossings))))
        for at in taken:
            crossings[at] += 1
    for allowed in range(int(_CROSSING * len(rows)) + 1):  # the emptiest first: what a wider one would cover is text
        for begin, end in _strips(crossings, int(0.3 * width), int(0.7 * width), allowed):
            if _are_columns(rows, (first + begin, first + end)):
                return first + begin, first + end
    return None


def _strips(crossings: Sequence[int], begin: int, end: int, allowed: int) -> Iterator[tuple[int, int]]:
    """Where at most so many lines stand, from the left."""
    since: int | None = None
    for at in range(begin, end + 2):
        if at <= end and crossings[at] <= allowed:
            since = at if since is None else since
            continue
        if since is not None and at - since > _LEAST_GUTTER - 2:
            yield since, at - 1
        since = None


def _are_columns(rows: Sequence[Line], gutter: tuple[float, float]) -> bool:
    """Prose fills a column's width from its edge; cells of a table do not."""
    sides = [found for row in rows if (found := _sides(row, gutter)) is not None]
    left = [Line(side) for side, _ in sides if side]
    right = [Line(side) for _, side in sides if side]
    if len(left) < _FEWEST_LINES or not right:
        return False
    alone = sum(bool(one) and not other for one, other in sides)
    is_prose = _fill(left, gutter[0] - min(line.left for line in left))
    # A last page's right column may be short, or hold a table: then much of the left one has nothing beside it.
    return is_prose and (
        (len(right) >= _FEWEST_LINES and _fill(right, max(line.right for line in right) - gutter[1]))
        or alone > _ALONE * len(left)
    )


def _fill(column: Sequence[Line], room: float) -> bool:
    shares = [(line.right - line.left) / max(1.0, room) for line in column]
    lengths = [sum(len(one.text) for one in line.glyphs) for line in column]
    return median(shares) > _FILLED and median(lengths) > _PROSE_CHARACTERS


def _spans(row: Line) -> list[tuple[float, float]]:
    """What the row covers; gaps of a space or so are covered too."""
    spans: list[tuple[float, float]] = []
    for one in sorted(row.glyphs, key=lambda one: one.left):
        if spans and one.left - spans[-1][1] < 0.5 * one.height:
            spans[-1] = (spans[-1][0], max(spans[-1][1], one.right))
        else:
            spans.append((one.left, one.right))
    return spans
