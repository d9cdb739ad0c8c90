"""How a run ended, kept where a full disk cannot refuse it, until the database takes it.

Invariant: room is taken while there is some. The outcome is written over bytes that the file already has; the reserve
is given back so that the database can write again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..store.records import Json

_OUTCOME_BYTES = 4096
_RESERVE_BYTES = 512 * 1024


class LastWords:
    """Two small files in a run's folder."""

    def __init__(self, folder: Path) -> None:
        self._outcome = folder / "outcome.json"
        self._reserve = folder / "reserve"

    def take_room(self) -> None:
        """Raises :class:`OSError` when there is none."""
        for path, size in ((self._outcome, _OUTCOME_BYTES), (self._reserve, _RESERVE_BYTES)):
            try:
                # Written, because a size that is only set takes no room.
                path.write_bytes(bytes(size))
            except OSError as error:
                # What little room there was belongs to the database, which has to say why the run did not start.
                self.forget()
                raise OSError(error.errno, f"{error.strerror} in {path.parent}") from error

    def free_reserve(self) -> None:
        """Give the database room for its last writes."""
        self._reserve.unlink(missing_ok=True)

    def say(self, changes: Json) -> None:
        """Write the outcome over the room that was taken for it."""
        text = json.dumps(changes)
        if len(text) > _OUTCOME_BYTES:
            text = json.dumps({**changes, "reason": str(changes.get("reason"))[:1000]})
        with suppress(OSError), self._outcome.open("r+b") as file:
            file.write(text.encode().ljust(_OUTCOME_BYTES)[:_OUTCOME_BYTES])

    def hear(self) -> dict[str, Any] | None:
        """The outcome that the database never got, if there is one."""
        try:
            data = json.loads(self._outcome.read_bytes().rstrip(b"\0 "))
        except (OSError, ValueError):
            return None
        return data if isinstance(data, dict) else None

    def forget(self) -> None:
        """The database has it all."""
        self._outcome.unlink(missing_ok=True)
        self._reserve.unlink(missing_ok=True)
