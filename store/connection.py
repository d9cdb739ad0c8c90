"""One connection to the database: how it is opened, how it writes, and how its errors are told.

Invariant: a change is made whole or not at all, and every error of SQLite leaves here as a ``StoreError``.
A connection belongs to the thread that made it and must not be carried through a fork.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from urllib.parse import quote

from . import errors
from .codec import Row, SqlValue, encode

_WORDS = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))


class Connection:
    """A thin typed layer over :mod:`sqlite3`: rows in, rows out, transactions that nest."""

    def __init__(self, path: Path, raw: sqlite3.Connection, *, read_only: errors.StoreError | None = None) -> None:
        self.path = path
        self.raw = raw
        self.read_only = read_only
        self._depth = 0
        self._translated = errors.Translated(path)

    def rows(self, sql: str, parameters: Sequence[SqlValue] = ()) -> list[Row]:
        """Every row of a query. Fetched at once, so that a damaged page is met here and not in the caller's loop."""
        with self._translated:
            return self.raw.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[SqlValue] = ()) -> Row | None:
        """The first row, if there is one."""
        with self._translated:
            row: Row | None = self.raw.execute(sql, parameters).fetchone()
            return row

    def number(self, sql: str, parameters: Sequence[SqlValue] = ()) -> int:
        """The first column of the first row; 0 when there is none."""
        row = self.row(sql, parameters)
        return int(row[0]) if row and row[0] is not None else 0

    def numbers(self, sql: str, parameters: Sequence[SqlValue] = ()) -> array[int]:
        """The first column of every row, which may be a million, in 8 bytes each."""
        with self._translated:
            return array("q", (row[0] for row in self.raw.execute(sql, parameters)))

    def write(self, sql: str, parameters: Sequence[SqlValue] = ()) -> None:
        """Make one change."""
        self._execute(sql, parameters)

    def write_many(self, sql: str, parameters: Iterable[Sequence[SqlValue]]) -> None:
        """Make the same change for every set of parameters, all or none."""
        with self.transaction(), self._translated:
            self.raw.executemany(sql, parameters)

    def insert(self, table: str, values: Mapping[str, object]) -> int:
        """Add a row; returns its id."""
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        cursor = self._execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", [encode(value) for value in values.values()]
        )
        return cursor.lastrowid or 0

    def update(self, table: str, row_id: int, changes: Mapping[str, object]) -> None:
        """Change columns of one row."""
        if not changes:
            return
        assignments = ", ".join(f"{name} = ?" for name in changes)
        values = [encode(value) for value in changes.values()]
        self.write(f"UPDATE {table} SET {assignments} WHERE id = ?", [*values, row_id])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested. The outermost takes the write lock at once: what it reads cannot go stale."""
        begin, commit, undo = _WORDS if self._depth == 0 else _nested_words(self._depth)
        self._execute(begin, ())
        self._depth += 1
        try:
            yield
            self._execute(commit, ())
        except BaseException:
            self._roll_back(undo)
            raise
        finally:
            self._depth -= 1

    def close(self) -> None:
        """Let go of the file."""
        self.raw.close()

    def _execute(self, sql: str, parameters: Sequence[SqlValue]) -> sqlite3.Cursor:
        if self.read_only is not None:
            raise copy(self.read_only)
        # A full disk undoes a whole transaction. If the caller went on, each further write would be kept by itself.
        if self._depth and not self.raw.in_transaction:
            raise errors.undone(self.path)
        with self._translated:
            return self.raw.execute(sql, parameters)

    def _roll_back(self, undo: Sequence[str]) -> None:
        # A full disk or an input/output error may have rolled everything back already.
        if not self.raw.in_transaction:
            return
        with self._translated:
            for statement in undo:
                self.raw.execute(statement)


def _nested_words(depth: int) -> tuple[str, str, tuple[str, ...]]:
    name = f"nested_{depth}"
    return f"SAVEPOINT {name}", f"RELEASE {name}", (f"ROLLBACK TO {name}", f"RELEASE {name}")


def connect(path: Path, *, mode: str, patience_seconds: float) -> sqlite3.Connection:
    """A raw connection with our settings.

    ``mode`` is ``rwc`` to make the file where there is none, ``immutable`` to read the main file alone and lock
    nothing, or ``exclusive`` to take the file for ourselves.
    """
    query = {"immutable": "mode=ro&immutable=1", "exclusive": "mode=rw"}.get(mode, f"mode={mode}")
    name = f"file:{quote(bytes(path))}?{query}"
    raw = sqlite3.connect(name, uri=True, timeout=patience_seconds, isolation_level=None, cached_statements=256)
    try:
        # Before anything is read, because the first reading decides how the file is shared.
        if mode == "exclusive":
            raw.execute("PRAGMA locking_mode = EXCLUSIVE")
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute("PRAGMA synchronous = NORMAL")
        raw.execute("PRAGMA journal_size_limit = 67108864")
    except sqlite3.Error:
        raw.close()
        raise
    return raw
