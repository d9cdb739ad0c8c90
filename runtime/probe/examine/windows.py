"""Evaluated windows of a series that overlap training windows: one row moved by a few values is another row."""

from __future__ import annotations

from typing import Any

from .examiner import Examiner
from .ledger import ledger_of
from .naming import text_at
from .observer import Observer
from .rows import hashes, numpy
from .tables import pairs_of

LONGEST_SHIFT = 8
LONGEST_STRIDE = 64
"""A window of several columns is moved by all columns of a time."""
MOST_VALUES = 3_000_000
FEWEST_VALUES = 4
MOST_ROWS = 50_000


class Windows(Observer):
    """Compares rows with rows moved by a few places."""

    name = "windows"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._found: list[dict[str, Any]] = []

    def at_end(self) -> None:
        np = numpy()
        for pair in pairs_of(ledger_of(self.examiner)):
            width = pair.rows.shape[1]
            if width < FEWEST_VALUES or len(pair.train) > MOST_ROWS:
                continue
            varied = pair.rows[:MOST_ROWS].std(axis=1) > 1e-9
            best, shift = 0, 0
            for moved in _shifts(width, pair.rows.size + pair.train.size):
                ends, starts = _cut(np, pair.train[:, moved:]), _cut(np, pair.train[:, :-moved])
                rows = pair.rows[:MOST_ROWS]
                overlap = np.isin(_cut(np, rows[:, :-moved]), ends) | np.isin(_cut(np, rows[:, moved:]), starts)
                count = int((overlap & varied).sum())
                if count > best:
                    best, shift = count, moved
            file, line = pair.evaluation.lines[0]
            self._found.append(
                {
                    "rows": len(varied), "overlap": best, "shift": shift, "width": width, "file": file, "line": line,
                    "text": text_at(file, line),
                }
            )  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"evaluations": self._found} if self._found else None


def _shifts(width: int, values: int) -> range:
    """By how many values rows are moved: further where it is cheap, and never by more than leaves half of a row."""
    longest = min(LONGEST_SHIFT, width - 2)
    if values <= MOST_VALUES:
        longest = max(longest, min(LONGEST_STRIDE, width // 2))
    return range(1, longest + 1)


def _cut(np: Any, rows: Any) -> Any:
    return hashes(np.ascontiguousarray(rows))
