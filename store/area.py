"""What the parts of the store have in common: each works on the same connection."""

from __future__ import annotations

from .connection import Connection


class Area:
    """One part of the store: the records of one kind."""

    def __init__(self, connection: Connection) -> None:
        self._database = connection
