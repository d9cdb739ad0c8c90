"""Whether the database file itself is whole: its pages, its references, and the triggers that keep what is append-only.

Invariant: reads only.
"""

from __future__ import annotations

import re

from .area import Area
from .schema import STATEMENTS

_MOST_PROBLEMS = 10
_NAME = re.compile(r'CREATE (TRIGGER|TABLE) "?(\w+)')


class Integrity(Area):
    """Looks at the file as SQLite sees it."""

    def problems(self) -> tuple[str, ...]:
        """What is wrong, in words; nothing where it is whole."""
        pages = [str(row[0]) for row in self._database.rows(f"PRAGMA quick_check({_MOST_PROBLEMS})")]
        broken = [] if pages == ["ok"] else pages
        dangling = {f"{row[0]} refers to a row of {row[2]} that is gone"
                    for row in self._database.rows("PRAGMA foreign_key_check")}  # fmt: skip
        return (*broken, *sorted(dangling)[:_MOST_PROBLEMS], *self._missing())

    def _missing(self) -> list[str]:
        there = {
            str(name): str(sql).split()
            for name, sql in self._database.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        }
        told = []
        for statement in STATEMENTS:
            found = _NAME.match(statement.strip())
            if found is None or found[1] != "TRIGGER":
                continue
            if found[2] not in there:
                told.append(f"the trigger {found[2]} is gone")
            elif there[found[2]] != statement.split():
                told.append(f"the trigger {found[2]} was changed")
        return told
