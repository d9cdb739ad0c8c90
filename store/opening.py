"""Opening the database file: is it there, is it ours, is it up to date, can it be written?

Invariant: a file that is not ours, is damaged, or comes from a newer version is never changed. Only a file from an
older version loads sqlite-utils. One that cannot be opened for writing but can be read is opened for reading only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import errors, version
from .connection import Connection, connect
from .schema import STATEMENTS

_RETRY_SECONDS = 0.05


def open_database(path: Path, *, create: bool, patience_seconds: float) -> Connection:
    """A connection to the up-to-date database at ``path``; made, or brought up to date, where that is needed."""
    _prepare_place(path, create=create)
    try:
        return _open_for_writing(path, patience_seconds)
    except (errors.StoreFull, errors.StoreReadOnly) as error:
        because = error
    try:
        return _open_for_reading(path, patience_seconds, because=because)
    except (errors.StoreFull, errors.StoreReadOnly, errors.StoreLocked):
        raise because from None


def _prepare_place(path: Path, *, create: bool) -> None:
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Only ever a stat: opening and closing the file here would drop the locks of this process's other connections.
        size = path.stat().st_size
    except FileNotFoundError:
        if not create:
            raise errors.missing(path) from None
        return
    except OSError as error:
        raise errors.unusable_folder(path.parent, error) from error
    if not path.is_file():
        raise errors.corrupt(path, "is not a file")
    # SQLite would take an empty file for a new database and delete the journal that still holds the data.
    if size == 0 and _has_journal(path):
        raise errors.corrupt(path, "is empty although its journal is not")


def _open_for_writing(path: Path, patience_seconds: float) -> Connection:
    database = _connect(path, "rwc", patience_seconds)
    with _closed_on_failure(database):
        _check_identity(database)
        _use_write_ahead_log(database, patience_seconds)
        if not errors.is_writable(path):
            database.read_only = errors.read_only(path)
        _bring_up_to_date(database)
    return database


def _open_for_reading(path: Path, patience_seconds: float, *, because: errors.StoreError) -> Connection:
    """Without room for the shared index file of the write-ahead log, the file can still be read in one of two ways.

    With an empty journal everything is in the main file, which can be read as it is. Otherwise the journal must be read
    too, which takes the file for ourselves: then SQLite keeps the index in memory.
    """
    database = _connect(path, "exclusive" if _has_journal(path) else "immutable", patience_seconds)
    with _closed_on_failure(database):
        database.read_only = because
        _check_identity(database)
        if _version(database) != version.SCHEMA_VERSION:
            raise because
    return database


@contextmanager
def _closed_on_failure(database: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


def _connect(path: Path, mode: str, patience_seconds: float) -> Connection:
    with errors.Translated(path):
        return Connection(path, connect(path, mode=mode, patience_seconds=patience_seconds))


def _check_identity(database: Connection) -> None:
    """Refuse, before anything is written, what is not ours or is newer than we are."""
    # One question, so that another process that makes the schema right now is seen before it or after it, not during.
    ((owner, found, tables),) = database.rows(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)"
        " FROM pragma_application_id, pragma_user_version"
    )
    is_new = (owner, found, tables) == (0, 0, 0)
    if not is_new and owner != version.APPLICATION_ID:
        raise errors.corrupt(database.path, "is a database of another program")
    if found > version.SCHEMA_VERSION:
        raise errors.newer(database.path, found, version.SCHEMA_VERSION)


def _use_write_ahead_log(database: Connection, patience_seconds: float) -> None:
    """Switch a new file to the write-ahead log. SQLite does not wait for the lock here, so we do."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            row = database.row("PRAGMA journal_mode = WAL")
            break
        except errors.StoreLocked:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
    if row != ("wal",):
        raise errors.StoreError(
            f"The disk that holds {database.path} cannot share a database between programs (no write-ahead log).",
            "Name a folder on a local disk with --home.",
        )


def _bring_up_to_date(database: Connection) -> None:
    match _version(database):
        case version.SCHEMA_VERSION:
            return
        case 0:
            _make_schema(database)
        case _:
            # Loads sqlite-utils, and with it numpy where there is one: a cost that only an old file has.
            from .migrations import migrate

            migrate(database)


def _make_schema(database: Connection) -> None:
    with database.transaction():
        # Asked again under the write lock: another process may have made it meanwhile.
        if _version(database) != 0:
            return
        for statement in STATEMENTS:
            database.write(statement.strip())
        database.write(f"PRAGMA application_id = {version.APPLICATION_ID}")
        database.write(f"PRAGMA user_version = {version.SCHEMA_VERSION}")


def _version(database: Connection) -> int:
    return database.number("PRAGMA user_version")


def _has_journal(path: Path) -> bool:
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False
