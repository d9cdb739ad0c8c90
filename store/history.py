"""The history in bulk: count, page and order a million runs.

Invariant: an order is total (ties go by id), so that pages neither overlap nor leave anything out.

For a virtual list: show ``page(…)`` and ``count(…)`` at once; fetch ``ids(…)`` in a worker (8 bytes a run) and
from then on show any place at the cost of its own rows, with ``rows(index[top : top + height])``. ``page`` alone has to
walk to its offset.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from .area import Area
from .codec import Row, Shape, decode_text
from .filters import parse
from .records import Interval, Run, RunRow, RunSort

_SHAPE = Shape(Run)
_WIDTH = len(_SHAPE.names)

_COLUMNS = MappingProxyType(
    {
        RunSort.CREATED: "id",
        RunSort.ENDED: "ended_at",
        RunSort.NAME: "name",
        RunSort.SCRIPT: "script",
        RunSort.RUNG: "rung",
        RunSort.STATUS: "status",
        RunSort.WALL: "wall_seconds",
        RunSort.LOSS: "last_loss",
        RunSort.USD: "usd",
    }
)
_OF_EXPERIMENT = (RunSort.NAME, RunSort.SCRIPT)

_ROWS = f"""
SELECT {_SHAPE.qualified("runs")}, experiments.name, experiments.script, experiments.module, experiments.args,
    (SELECT forecasts.seconds FROM approvals JOIN forecasts ON forecasts.id = approvals.forecast_id
     WHERE approvals.used_by_run_id = runs.id)
FROM runs JOIN experiments ON experiments.id = runs.experiment_id
WHERE runs.id IN (SELECT value FROM json_each(?))
"""


class History(Area):
    """Many runs at once. A filter is what :mod:`.filters` describes; :class:`BadFilter` says what is wrong with one."""

    def count(self, filter: str = "") -> int:
        """How many runs there are."""
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
        return self.rows([row[0] for row in self._ordered(filter, sort, descending, (limit, offset))])

    def ids(self, filter: str = "", *, sort: RunSort = RunSort.CREATED, descending: bool = True) -> array[int]:
        """The ids of every run of the list in its order: the index for random access."""
        return array("q", (row[0] for row in self._ordered(filter, sort, descending, (-1, 0))))

    def rows(self, ids: Sequence[int]) -> tuple[RunRow, ...]:
        """The runs with these ids, in this order; ids that do not exist are left out."""
        found = self._database.rows(_ROWS, (json.dumps(list(ids)),))
        by_id = {row[0]: row for row in found}
        return tuple(_run_row(by_id[run_id]) for run_id in ids if run_id in by_id)

    def _ordered(self, filter: str, sort: RunSort, descending: bool, window: tuple[int, int]) -> list[Row]:
        condition = parse(filter)
        return self._database.rows(
            f"SELECT runs.id FROM {_source(sort)} {condition.where}"
            f" ORDER BY {_order(sort, descending)} LIMIT ? OFFSET ?",
            (*condition.parameters, *window),
        )


def _source(sort: RunSort) -> str:
    # Walking the experiments in order and then the runs of each needs no sorting; CROSS JOIN holds SQLite to that.
    if sort in _OF_EXPERIMENT:
        return "experiments CROSS JOIN runs ON runs.experiment_id = experiments.id"
    return "runs"


def _order(sort: RunSort, descending: bool) -> str:
    direction = "DESC" if descending else "ASC"
    column = _COLUMNS[sort]
    if sort is RunSort.CREATED:
        return f"runs.id {direction}"
    if sort in _OF_EXPERIMENT:
        return f"experiments.{column} {direction}, experiments.id {direction}, runs.id {direction}"
    return f"runs.{column} {direction} NULLS LAST, runs.id {direction}"


def _run_row(row: Row) -> RunRow:
    name, script, module, args, forecast = row[_WIDTH:]
    return RunRow(
        run=_SHAPE.load(row[:_WIDTH]),
        experiment_name=decode_text(name),
        script=Path(decode_text(script)),
        module=None if module is None else decode_text(module),
        args=tuple(json.loads(args)),
        forecast_seconds=None if forecast is None else Interval(*json.loads(forecast)),
    )
