"""Where each rung of an experiment stands.

Invariant: every rung has a state; one without a row is planned.
"""

from __future__ import annotations

import time

from .area import Area
from .codec import Shape, encode
from .records import Rung, RungName, RungStatus

_SHAPE = Shape(Rung)
_MARKS = ", ".join("?" * len(_SHAPE.names))


class Rungs(Area):
    """The ladder of each experiment."""

    def all(self, experiment_id: int) -> dict[RungName, Rung]:
        """Every rung, in climbing order."""
        rows = self._database.rows(f"SELECT {_SHAPE.columns} FROM rungs WHERE experiment_id = ?", (experiment_id,))
        known = {rung.name: rung for rung in map(_SHAPE.load, rows)}
        return {name: known.get(name) or Rung(experiment_id, name, RungStatus.PLANNED) for name in RungName}

    def set(
        self,
        experiment_id: int,
        name: RungName,
        status: RungStatus,
        *,
        why: str | None = None,
        run_id: int | None = None,
        seconds: float | None = None,
    ) -> Rung:
        """Say where a rung stands now. This is the whole state: what is not given is unknown again."""
        rung = Rung(experiment_id, name, status, why, run_id, seconds, time.time())
        self._database.write(
            f"INSERT INTO rungs ({_SHAPE.columns}) VALUES ({_MARKS}) ON CONFLICT (experiment_id, name) DO UPDATE SET"
            " status = excluded.status, why = excluded.why, run_id = excluded.run_id, seconds = excluded.seconds,"
            " updated_at = excluded.updated_at",
            [encode(getattr(rung, column)) for column in _SHAPE.names],
        )
        return rung
