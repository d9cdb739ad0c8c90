"""System samples: what a run and its machine used, about once a second.

Invariant: one sample per moment of a run.
"""

from __future__ import annotations

from itertools import pairwise

from .area import Area
from .codec import Row, Shape, encode
from .records import Sample

_SHAPE = Shape(Sample)
_HOST_BYTES = _SHAPE.names.index("host_bytes")
_MARKS = ", ".join("?" * len(_SHAPE.names))


class Samples(Area):
    """The samples of each run, in order of time."""

    def add(self, run_id: int, sample: Sample) -> None:
        """Store one sample."""
        self._database.write(
            f"INSERT OR REPLACE INTO samples (run_id, {_SHAPE.columns}) VALUES (?, {_MARKS})",
            [run_id, *(encode(getattr(sample, name)) for name in _SHAPE.names)],
        )

    def latest(self, run_id: int) -> Sample | None:
        """The newest sample of a run."""
        row = self._database.row(
            f"SELECT {_SHAPE.columns} FROM samples WHERE run_id = ? ORDER BY elapsed_seconds DESC LIMIT 1", (run_id,)
        )
        return _SHAPE.load(row) if row else None

    def for_run(self, run_id: int, *, max_points: int | None = None) -> tuple[Sample, ...]:
        """The samples of a run; when thinned, each stretch is told by the moment that held most memory."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM samples WHERE run_id = ? ORDER BY elapsed_seconds", (run_id,)
        )
        return tuple(map(_SHAPE.load, _thinned(rows, max_points)))


def _thinned(rows: list[Row], max_points: int | None) -> list[Row]:
    if max_points is None or len(rows) <= max_points:
        return rows
    bounds = [len(rows) * number // max_points for number in range(max_points + 1)]
    return [max(rows[low:high], key=lambda row: row[_HOST_BYTES]) for low, high in pairwise(bounds)]
