"""The history in bulk: count, page and order a million runs.

Invariant: an order is total (ties go by id), so that pages neither overlap nor leave anything out.

For a virtual list: show ``page(…)`` at once, then ``count(…)``; fetch ``ids(…)`` in a worker (8 bytes a run), and from
then on show any place at the cost of its own rows, with ``rows(index[top : top + height])``. ``page`` alone has to walk
to its offset. At a million runs a first page takes some milliseconds, a broad filter up to half a second, as an index.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from itertools import compress
from types import MappingProxyType

from .area import Area
from .codec import Shape, SqlValue
from .filters import Condition, parse
from .records import Run, RunRow, RunSort

_RUN = Shape(Run)
_ORIGIN = Shape(RunRow, without=["run"])

_COLUMNS = MappingProxyType(
    {
        RunSort.CREATED: "runs.id",
        RunSort.NAME: "experiments.name",
        RunSort.SCRIPT: "experiments.script",
        RunSort.ENDED: "runs.ended_at",
        RunSort.RUNG: "runs.rung",
        RunSort.STATUS: "runs.status",
        RunSort.WALL: "runs.wall_seconds",
        RunSort.LOSS: "runs.last_loss",
        RunSort.USD: "runs.usd",
    }
)

_FEW = 20_000
"""So many runs are sorted in about 30 ms."""

_ROWS = f"""
SELECT {_RUN.qualified("runs")}, experiments.name, experiments.script, experiments.module, experiments.args,
    (SELECT forecasts.seconds FROM approvals JOIN forecasts ON forecasts.id = approvals.forecast_id
     WHERE approvals.used_by_run_id = runs.id)
FROM runs JOIN experiments ON experiments.id = runs.experiment_id
WHERE runs.id IN (SELECT value FROM json_each(?))
"""


class History(Area):
    """Many runs at once. A filter is what :mod:`.filters` describes; :class:`BadFilter` says what is wrong with one."""

    def count(self, filter: str = "") -> int:
        """How many runs the filter leaves."""
        condition = parse(filter)
        return self._database.number(f"SELECT count(*) FROM runs {condition.where}", condition.parameters)

    def page(
        self,
        filter: str = "",
        *,
        sort: RunSort = RunSort.CREATED,
        descending: bool = True,
        offset: int = 0,
        limit: int = 50,
    ) -> tuple[RunRow, ...]:
        """The runs at some places of the list."""
        condition = parse(filter)
        ordered = self._walked if self._is_broad(condition) else self._sorted
        return self.rows(ordered(condition, _order(sort, descending), offset, limit))

    def ids(self, filter: str = "", *, sort: RunSort = RunSort.CREATED, descending: bool = True) -> array[int]:
        """The ids of every run of the list in its order: the index for random access."""
        condition, order = parse(filter), _order(sort, descending)
        if not self._is_broad(condition):
            return self._sorted(condition, order)
        everything = self._walked(Condition(), order)
        return self._chosen(everything, condition) if condition.sql else everything

    def rows(self, ids: Sequence[int]) -> tuple[RunRow, ...]:
        """The runs with these ids, in this order; ids that do not exist are left out."""
        found = self._database.rows(_ROWS, (json.dumps(list(ids)),))
        split = len(_RUN.names)
        by_id = {row[0]: RunRow(_RUN.load(row[:split]), *_ORIGIN.values(row[split:])) for row in found}
        return tuple(by_id[run_id] for run_id in ids if run_id in by_id)

    def _is_broad(self, condition: Condition) -> bool:
        """Whether so many runs match that it is faster to walk all runs in order than to sort those that match."""
        if not condition.sql:
            return True
        sql = f"SELECT count(*) FROM (SELECT 1 FROM runs {condition.where} LIMIT ?)"
        return self._database.number(sql, (*condition.parameters, _FEW + 1)) > _FEW

    def _sorted(self, condition: Condition, order: str, offset: int = 0, limit: int = -1) -> array[int]:
        """Find the runs that match by their own index, then sort them."""
        source = "runs JOIN experiments ON experiments.id = runs.experiment_id"
        return self._ids(source, condition.where, order, (*condition.parameters, limit, offset))

    def _walked(self, condition: Condition, order: str, offset: int = 0, limit: int = -1) -> array[int]:
        """Walk all runs in order and keep those that match: nothing is sorted, and a first page ends early."""
        source = "runs"
        if order.startswith("experiments."):
            # Experiment by experiment, in order, and then the runs of each: CROSS JOIN holds SQLite to that.
            source = "experiments CROSS JOIN runs ON runs.experiment_id = experiments.id"
        return self._ids(source, condition.where_unindexed, order, (*condition.parameters, limit, offset))

    def _chosen(self, ids: array[int], condition: Condition) -> array[int]:
        """Those of ``ids`` that match, in their order: a byte for each run is cheaper than a look-up for each."""
        matches = bytearray(max(ids, default=0) + 1)
        for run_id in self._database.numbers(f"SELECT runs.id FROM runs {condition.where}", condition.parameters):
            if run_id < len(matches):
                matches[run_id] = True
        return array("q", compress(ids, map(matches.__getitem__, ids)))

    def _ids(self, source: str, where: str, order: str, parameters: Sequence[SqlValue]) -> array[int]:
        sql = f"SELECT runs.id FROM {source} {where} ORDER BY {order} LIMIT ? OFFSET ?"
        return self._database.numbers(sql, parameters)


def _order(sort: RunSort, descending: bool) -> str:
    direction = "DESC" if descending else "ASC"
    column = _COLUMNS[sort]
    match sort:
        case RunSort.CREATED:
            return f"{column} {direction}"
        case RunSort.NAME | RunSort.SCRIPT:
            return f"{column} {direction}, experiments.id {direction}, runs.id {direction}"
        case _:
            return f"{column} {direction} NULLS LAST, runs.id {direction}"
