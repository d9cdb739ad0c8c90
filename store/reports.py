"""Reports: the last word of each kind that a run's probe said about it.

Invariant: one report per run and kind; a newer one takes its place.
"""

from __future__ import annotations

import json

from .area import Area
from .codec import encode, encode_json
from .records import Json


class Reports(Area):
    """Reports by run and kind."""

    def put(self, run_id: int, kind: str, data: Json) -> None:
        """Store a report in place of the one before."""
        self._database.write(
            "INSERT INTO reports (run_id, kind, data) VALUES (?, ?, ?)"
            " ON CONFLICT (run_id, kind) DO UPDATE SET data = excluded.data",
            (run_id, encode(kind), encode_json(data)),
        )

    def get(self, run_id: int, kind: str) -> Json | None:
        """The latest report of a kind, if there was one."""
        row = self._database.row("SELECT data FROM reports WHERE run_id = ? AND kind = ?", (run_id, encode(kind)))
        if row is None:
            return None
        data: Json = json.loads(row[0])
        return data

    def kinds(self, run_id: int) -> tuple[str, ...]:
        """The kinds of report that there are of a run."""
        return tuple(row[0] for row in self._database.rows("SELECT kind FROM reports WHERE run_id = ?", (run_id,)))
