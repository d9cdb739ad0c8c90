"""Metrics: series of values by step, written in batches and read back whole or thinned.

Invariant: no value is lost. Several values of one name at one step are kept in the order in which they came, and a NaN
is a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import pairwise

from .area import Area
from .codec import Row, decode_text, encode
from .records import Metric

# A value that comes second at its step gets the next number there, so that a script that prints twice loses nothing.
_INSERT = """
INSERT INTO metrics (series_id, step, nth, value)
SELECT ?, ?, coalesce((SELECT max(nth) + 1 FROM metrics WHERE series_id = ? AND step = ?), 0), ?
"""

# NaN is stored as text, which SQLite ranks above every number: the greatest of a stretch is its NaN if there is one.
_EXTREME = """
SELECT step, nth, {extreme}(value) FROM metrics WHERE series_id = ? AND step BETWEEN ? AND ? HAVING count(*)
"""
_LEAST, _GREATEST = (_EXTREME.format(extreme=extreme) for extreme in ("min", "max"))

_AFTER = """
SELECT step, nth, value FROM metrics WHERE series_id = ? AND (step, nth) > (?, ?) ORDER BY step, nth LIMIT ?
"""
_PAGE = 50_000

_FIRST, _LAST = -(2**63), 2**63 - 1
"""The steps that SQLite can hold."""


class Metrics(Area):
    """The metrics of each run."""

    def add(self, run_id: int, metrics: Iterable[Metric]) -> None:
        """Store one batch, all of it or nothing."""
        with self._database.transaction():
            ids: dict[str, int] = {}
            rows = []
            for metric in metrics:
                if metric.name not in ids:
                    ids[metric.name] = self._make_series(run_id, metric.name)
                place = (ids[metric.name], metric.step)
                rows.append((*place, *place, encode(float(metric.value))))
            self._database.write_many(_INSERT, rows)

    def names(self, run_id: int) -> tuple[str, ...]:
        """The metrics that a run has, in the order in which they first appeared."""
        return tuple(name for _, name in self._all_series(run_id))

    def series(
        self,
        run_id: int,
        name: str,
        *,
        max_points: int | None = None,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> tuple[Metric, ...]:
        """The values of one metric by step, between two steps if asked.

        With ``max_points`` the series is thinned to at most as many (or four): the steps are cut into equal stretches,
        and each is told by its least and its greatest value, so that no spike and no NaN is lost. The first and the
        last value stay.
        """
        series_id = self._find_series(run_id, name)
        if series_id is None:
            return ()
        bounds = self._bounds(series_id, first_step, last_step)
        if bounds is None:
            return ()
        low, high = bounds
        if max_points is None or self._is_at_most(series_id, low, high, max_points):
            rows = self._database.rows(
                "SELECT step, value FROM metrics WHERE series_id = ? AND step BETWEEN ? AND ? ORDER BY step, nth",
                (series_id, low, high),
            )
        else:
            rows = self._thinned(series_id, low, high, max_points)
        return tuple(Metric(name, step, float(value)) for step, value in rows)

    def digest(self, run_id: int) -> tuple[str, int]:
        """``(sha256, count)`` over every value of a run by name, step and order: any change to one changes it."""
        digest, count = sha256(), 0
        for series_id, name in sorted(self._all_series(run_id), key=lambda one: one[1]):
            digest.update(name.encode("utf-8", "surrogatepass") + b"\0")
            place = (_FIRST, -1)
            while rows := self._database.rows(_AFTER, (series_id, *place, _PAGE)):
                for step, nth, value in rows:
                    digest.update(f"{step} {nth} {float(value)!r}\n".encode())
                count += len(rows)
                place = rows[-1][:2]
        return digest.hexdigest(), count

    def last(self, run_id: int) -> dict[str, Metric]:
        """The newest value of every metric of a run."""
        newest = {}
        for series_id, name in self._all_series(run_id):
            row = self._database.row(
                "SELECT step, value FROM metrics WHERE series_id = ? ORDER BY step DESC, nth DESC LIMIT 1", (series_id,)
            )
            if row is not None:
                newest[name] = Metric(name, row[0], float(row[1]))
        return newest

    def _make_series(self, run_id: int, name: str) -> int:
        found = self._find_series(run_id, name)
        return self._database.insert("series", {"run_id": run_id, "name": name}) if found is None else found

    def _find_series(self, run_id: int, name: str) -> int | None:
        row = self._database.row("SELECT id FROM series WHERE run_id = ? AND name = ?", (run_id, encode(name)))
        return row[0] if row else None

    def _all_series(self, run_id: int) -> list[tuple[int, str]]:
        rows = self._database.rows("SELECT id, name FROM series WHERE run_id = ? ORDER BY id", (run_id,))
        return [(series_id, decode_text(name)) for series_id, name in rows]

    def _bounds(self, series_id: int, first: int | None, last: int | None) -> tuple[int, int] | None:
        """The first and the last step that there are in a range."""
        wanted = (series_id, _FIRST if first is None else first, _LAST if last is None else last)
        # Two questions, because SQLite finds one end of an index at once but walks through it for both.
        low, high = (
            self._database.row(f"SELECT {edge}(step) FROM metrics WHERE series_id = ? AND step BETWEEN ? AND ?", wanted)
            for edge in ("min", "max")
        )
        return (low[0], high[0]) if low and high and low[0] is not None else None

    def _is_at_most(self, series_id: int, low: int, high: int, limit: int) -> bool:
        found = self._database.number(
            "SELECT count(*) FROM (SELECT 1 FROM metrics WHERE series_id = ? AND step BETWEEN ? AND ? LIMIT ?)",
            (series_id, low, high, limit + 1),
        )
        return found <= limit

    def _thinned(self, series_id: int, low: int, high: int, max_points: int) -> list[tuple[int, object]]:
        stretches = max(1, (max_points - 2) // 2)
        cuts = [low + (high + 1 - low) * number // stretches for number in range(stretches + 1)]
        points = self._edge_values(series_id, low, high)
        for start, end in pairwise(cuts):
            for question in (_LEAST, _GREATEST):
                points.update(self._database.rows(question, (series_id, start, end - 1)))
        return [(step, value) for step, _, value in sorted(points, key=lambda point: point[:2])]

    def _edge_values(self, series_id: int, low: int, high: int) -> set[Row]:
        edges: set[Row] = set()
        for step, order in ((low, "ASC"), (high, "DESC")):
            sql = f"SELECT step, nth, value FROM metrics WHERE series_id = ? AND step = ? ORDER BY nth {order} LIMIT 1"
            edges.update(self._database.rows(sql, (series_id, step)))
        return edges
