"""The numbered steps from an empty file to today's schema.

Invariant: a migration that has been released is never edited; a change is a new number at the end. Each one runs in its
own transaction together with its number: a crash, a full disk or a second process at the same moment leaves the old
schema whole.

After adding one, raise ``SCHEMA_VERSION`` and run ``python -m mlintern.store.migrations``, which writes ``schema.py``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

from sqlite_utils import Database

from . import (
    errors,
    schema_0001,
    schema_0002,
    schema_0003,
    schema_0004,
    schema_0005,
    schema_0006,
    schema_0007,
    schema_0008,
    schema_0009,
)
from .connection import Connection
from .version import APPLICATION_ID, SCHEMA_VERSION

MIGRATIONS: Mapping[int, Callable[[Database], None]] = MappingProxyType(
    {
        1: schema_0001.create_core,
        2: schema_0002.create_search,
        3: schema_0003.create_limits,
        4: schema_0004.create_costs,
        5: schema_0005.create_judgements,
        6: schema_0006.create_sweeps,
        7: schema_0007.create_decisions,
        8: schema_0008.create_conversations,
        9: schema_0009.create_confirmations,
    }
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
            with errors.Translated(connection.path):
                step(database)
            connection.write(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.write(f"PRAGMA user_version = {number}")


def migrated_schema() -> tuple[str, ...]:
    """The statements that make what all migrations make. The tables behind a full-text index come by themselves."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        migrate(Connection(Path(":memory:"), raw))
        rows = raw.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
            " AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY rowid"
        )
        return tuple(sql for (sql,) in rows)


def schema_module() -> str:
    """The text of ``schema.py``."""
    statements = "".join(f'    """\n{statement}\n""",\n' for statement in migrated_schema())
    return _SCHEMA_MODULE.format(statements=statements)


_SCHEMA_MODULE = '''\
"""Today's schema, from which a new file is made at once and without sqlite-utils.

Invariant: exactly what the migrations make of an empty file. Written by ``python -m mlintern.store.migrations``.
"""

# ruff: noqa: E501 - the statements are as sqlite-utils and the migrations wrote them

STATEMENTS = (
{statements})
'''

if __name__ == "__main__":
    Path(__file__).with_name("schema.py").write_text(schema_module(), encoding="utf-8")
