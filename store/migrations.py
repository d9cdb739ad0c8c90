"""The numbered steps from an empty file to today's schema.

Invariant: a migration that has been released is never edited; a change is a new number at the end. Each one runs in its
own transaction together with its number: a crash, a full disk or a second process at the same moment leaves the old
schema whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from types import MappingProxyType

from sqlite_utils import Database

from . import errors, schema_0001, schema_0002
from .connection import Connection
from .version import APPLICATION_ID, SCHEMA_VERSION

MIGRATIONS: Mapping[int, Callable[[Database], None]] = MappingProxyType(
    {1: schema_0001.create_core, 2: schema_0002.create_search}
)


def migrate(connection: Connection, *, to: int = SCHEMA_VERSION) -> None:
    """Bring the schema from where it is to number ``to``."""
    database = Database(connection.raw, execute_plugins=False, recursive_triggers=False)
    for number, step in MIGRATIONS.items():
        if number > to:
            return
        with connection.transaction():
            # Read under the write lock: another process may have been here first.
            if connection.number("PRAGMA user_version") >= number:
                continue
            try:
                step(database)
                connection.raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.raw.execute(f"PRAGMA user_version = {number}")
            except sqlite3.Error as error:
                raise errors.translate(error, connection.path) from error
