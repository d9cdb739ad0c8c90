"""Which runs the history shows and in which order; asked of the store, in the archive's thread.

Invariant: the first page costs the same with a hundred runs and with a million.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from ...store import Store
from ...store.records import RunRow, RunSort

PAGE = 64
LOG_PREFIX = "log:"
MOST_LOG_HITS = 2_000


@dataclass(frozen=True, slots=True)
class RunQuery:
    """A filter and an order. ``log:words`` asks for runs whose log holds the words, newest first."""

    filter_text: str = ""
    sort: RunSort = RunSort.CREATED
    descending: bool = True

    def first(self, store: Store) -> tuple[tuple[RunRow, ...], int]:
        """The first page, and how many runs there are."""
        if self._log_words is not None:
            ids = self.ids(store)
            return store.runs.rows(ids[:PAGE]), len(ids)
        rows = store.runs.page(self.filter_text, sort=self.sort, descending=self.descending, limit=PAGE)
        return rows, store.runs.count(self.filter_text)

    def count(self, store: Store) -> int:
        """How many runs there are."""
        return len(self.ids(store)) if self._log_words is not None else store.runs.count(self.filter_text)

    def ids(self, store: Store) -> array[int]:
        """Every run's id, in order."""
        if self._log_words is None:
            return store.runs.ids(self.filter_text, sort=self.sort, descending=self.descending)
        hits = store.logs.search(self._log_words, limit=MOST_LOG_HITS)
        return array("q", dict.fromkeys(hit.run_id for hit in hits))

    def page(self, store: Store, number: int, ids: array[int] | None) -> tuple[RunRow, ...]:
        """One page; with the ids at hand at the cost of its own rows, wherever it is."""
        start = number * PAGE
        if ids is None and self._log_words is not None:
            ids = self.ids(store)
        if ids is not None:
            return store.runs.rows(ids[start : start + PAGE])
        return store.runs.page(self.filter_text, sort=self.sort, descending=self.descending, offset=start, limit=PAGE)

    @property
    def _log_words(self) -> str | None:
        is_log = self.filter_text.lower().startswith(LOG_PREFIX)
        return self.filter_text[len(LOG_PREFIX) :].strip() if is_log else None
