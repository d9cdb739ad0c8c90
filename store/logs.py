"""Full-text search over the runs' logs.

Invariant: the database keeps where words are and not the text; the text is in the run's log file, byte for byte.
"""

from __future__ import annotations

from .area import Area
from .codec import encode
from .filters import match_words
from .records import LogHit


class Logs(Area):
    """The index of the logs, piece by piece."""

    def index(self, run_id: int, offset: int, text: str) -> None:
        """Make a piece of a run's log findable; ``offset`` is where it begins. Saying it twice changes nothing."""
        with self._database.transaction():
            known = self._database.row(
                "SELECT 1 FROM log_chunks WHERE run_id = ? AND byte_offset = ?", (run_id, offset)
            )
            if known is not None:
                return
            chunk_id = self._database.insert("log_chunks", {"run_id": run_id, "byte_offset": offset})
            self._database.write("INSERT INTO log_texts (rowid, text) VALUES (?, ?)", (chunk_id, encode(text)))

    def search(self, query: str, *, limit: int = 50) -> tuple[LogHit, ...]:
        """The pieces that hold every word of the query, newest first."""
        match = match_words(query)
        if match is None:
            return ()
        rows = self._database.rows(
            "SELECT run_id, byte_offset FROM log_texts JOIN log_chunks ON log_chunks.id = log_texts.rowid"
            " WHERE log_texts MATCH ? ORDER BY log_texts.rowid DESC LIMIT ?",
            (match, limit),
        )
        return tuple(LogHit(run_id, offset) for run_id, offset in rows)
