"""The event log: everything that happened, in order.

Invariant: an event is appended once; a trigger in the database refuses to change or delete it, whoever asks.
"""

from __future__ import annotations

import time

from .area import Area
from .codec import Shape
from .records import Event

_SHAPE = Shape(Event)


class Events(Area):
    """The events, ordered by id."""

    def append(
        self, kind: str, *, experiment_id: int | None = None, run_id: int | None = None, **data: object
    ) -> Event:
        """Say that something happened; ``data`` is stored as JSON."""
        values = {"at": time.time(), "experiment_id": experiment_id, "run_id": run_id, "kind": kind, "data": data}
        event_id = self._database.insert("events", values)
        (row,) = self._database.rows(f"SELECT {_SHAPE.columns} FROM events WHERE id = ?", (event_id,))
        return _SHAPE.load(row)

    def after(
        self, event_id: int, *, experiment_id: int | None = None, run_id: int | None = None, limit: int = 1000
    ) -> tuple[Event, ...]:
        """The events that came after one, oldest first; of one experiment or run if asked."""
        wanted = {"experiment_id": experiment_id, "run_id": run_id}
        chosen = {name: value for name, value in wanted.items() if value is not None}
        conditions = "".join(f" AND {name} = ?" for name in chosen)
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM events WHERE id > ?{conditions} ORDER BY id LIMIT ?",
            (event_id, *chosen.values(), limit),
        )
        return tuple(map(_SHAPE.load, rows))

    def of_kind(self, kind: str, *, run_id: int) -> tuple[Event, ...]:
        """The events of one kind about a run, oldest first."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM events WHERE run_id = ? AND kind = ? ORDER BY id", (run_id, kind)
        )
        return tuple(map(_SHAPE.load, rows))

    def newest(self, *kinds: str, limit: int = 1000) -> tuple[Event, ...]:
        """The events of some kinds, whatever they are about, newest first."""
        places = ", ".join("?" * len(kinds))
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM events WHERE kind IN ({places}) ORDER BY id DESC LIMIT ?", (*kinds, limit)
        )
        return tuple(map(_SHAPE.load, rows))

    def of_experiment(self, kind: str, experiment_id: int) -> tuple[Event, ...]:
        """The events of one kind about an experiment, oldest first."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM events WHERE experiment_id = ? AND kind = ? ORDER BY id",
            (experiment_id, kind),
        )
        return tuple(map(_SHAPE.load, rows))

    def last_id(self) -> int:
        """The newest event's id; 0 before the first."""
        return self._database.number("SELECT max(id) FROM events")
