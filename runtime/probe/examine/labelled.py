"""Which rows of a raw table were evaluated and did not train, by the labels that pandas keeps with every row.

Invariant: labels are believed only where a column of the raw table has, at the labels of the rows that trained, the
very values that trained: a table whose rows were numbered anew fails that.
"""

from __future__ import annotations

from typing import Any

from .estimator_events import FITS, Used
from .rows import is_frame, numpy

FEWEST = 8
MOST_FITS = 40


class Labelled:
    """Gathers the labels of what estimators are given."""

    def __init__(self) -> None:
        self._trained: dict[int, Any] = {}
        self._in_order: list[Any] = []
        """What each fit was given; ``None`` for what has no labels."""
        self._evaluated: list[Any] = []
        self.target: str | None = None
        """The column that an estimator was fitted to first."""

    def take(self, used: Used, number: int) -> None:
        """Note one call of an estimator that predicts."""
        table = used.data if is_frame(used.data) and used.data.ndim == 2 else None
        if used.name in FITS:
            if len(self._in_order) < MOST_FITS:
                self._in_order.append(table)
            self._trained[number] = table
            if self.target is None and is_frame(used.labels) and getattr(used.labels, "name", None) is not None:
                self.target = str(used.labels.name)
        elif table is not None and self._trained.get(number) is not None and len(self._evaluated) < MOST_FITS:
            shared = table.index.intersection(self._trained[number].index)
            self._evaluated += [] if len(shared) else [table.index]

    def evaluated(self, raw: Any, fits: int) -> tuple[Any, int] | None:
        """The numbers of such rows, and how many of the first fits had none of them; ``None`` where it is not sure."""
        if not is_frame(raw) or raw.ndim != 2 or not raw.index.is_unique or not self._evaluated:
            return None
        for many in dict.fromkeys((fits, 1)):
            trained = self._in_order[:many]
            if not trained or any(one is None or not _stands_for(raw, one) for one in trained):
                return None
            left = self._evaluated[0]
            for index in self._evaluated[1:]:
                left = left.union(index)
            for one in trained:
                left = left.difference(one.index)
            places = raw.index.get_indexer(left)
            if len(places) >= FEWEST and (places >= 0).all():
                return places, many
        return None


def _stands_for(raw: Any, table: Any) -> bool:
    """Whether a column of the table is the raw one, at the table's labels."""
    np = numpy()
    places = raw.index.get_indexer(table.index)
    if (places < 0).any():
        return False
    shared = [(raw[name], table[name]) for name in table.columns if name in raw.columns]
    varied = [(before, now) for before, now in shared if before.ndim == now.ndim == 1 and before.nunique() > FEWEST]
    return any(bool((np.asarray(before)[places] == np.asarray(now)).all()) for before, now in varied)
