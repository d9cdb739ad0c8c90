"""What can go wrong with the database, each with what happened, why, and what to do next.

Invariant: every error that leaves this package on purpose is a ``StoreError``, and it has lost nothing that was stored.

    StoreError
    ├── StoreMissing    there is no database
    ├── StoreLocked     another program holds it
    ├── StoreFull       the disk has no room
    ├── StoreReadOnly   the file or its disk cannot be written
    ├── StoreCorrupt    the file is damaged, or is not our database
    ├── StoreNewer      a newer version of mlintern wrote it
    ├── StoreRefused    a rule of the schema forbids the change
    ├── NotFound        no such record
    ├── NotApproved     nobody approved the run
    └── BadFilter       a search or filter that cannot be understood
"""

# ruff: noqa: N818 - the names say the state of the store, and read as such where they are caught

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import ClassVar, Literal

_ROOM_TO_WORK_BYTES = 1 << 20
"""With less free space than this, an unexplained input/output error is a full disk."""

_SIGNS_OF_DAMAGE = ("no such table", "no such column", "decode to UTF-8")
"""What SQLite says, without a code of its own, when the schema or a text is not what our version number promises."""


class StoreError(Exception):
    """The root of all of them; its text is ``message`` and ``hint`` together."""

    code: ClassVar[str] = "store"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class StoreMissing(StoreError):
    """There is no database yet, and the caller did not want a new one."""

    code = "store.missing"


class StoreLocked(StoreError):
    """Another program kept the database for longer than we wait."""

    code = "store.locked"


class StoreFull(StoreError):
    """The disk has no room for the change; what was stored before is whole and readable."""

    code = "store.full"


class StoreReadOnly(StoreError):
    """The file, its folder or its disk cannot be written."""

    code = "store.readonly"


class StoreCorrupt(StoreError):
    """The file is damaged, cut short, or is something else."""

    code = "store.corrupt"


class StoreNewer(StoreError):
    """The schema comes from a newer version of mlintern."""

    code = "store.newer"


class StoreRefused(StoreError):
    """The change breaks a rule of the schema: append-only events, an unknown run, a number that does not fit."""

    code = "store.refused"


class NotFound(StoreError):
    """A record that does not exist."""

    code = "store.not_found"


class NotApproved(StoreError):
    """No unused approval fits the run."""

    code = "store.not_approved"


class BadFilter(StoreError):
    """A filter or a search that cannot be understood."""

    code = "store.filter"


class Translated:
    """A ``with`` block in which SQLite's errors become ours. It may be entered again and again, also within itself."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> Literal[False]:
        # Use after close or from another thread is a mistake in the program and not a state of the database.
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.ProgrammingError):
            raise translate(error, self._path) from error
        if isinstance(error, OverflowError):
            raise StoreRefused("A whole number is too large for 64 bits.", "Nothing was stored.") from error
        return False


def translate(error: sqlite3.Error, path: Path) -> StoreError:
    """Say what SQLite's error means for the person whose database is at ``path``."""
    # The low byte is the primary code; Python's own errors (a text that is not UTF-8, say) carry none.
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match primary:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            return locked(path)
        case sqlite3.SQLITE_FULL:
            return full(path)
        case sqlite3.SQLITE_CORRUPT:
            return corrupt(path, f"is damaged or cut short ({error})")
        case sqlite3.SQLITE_NOTADB:
            return corrupt(path, "is not a database")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return read_only(path)
        case sqlite3.SQLITE_CONSTRAINT:
            return StoreRefused(f"The database refused the change: {error}.", "Nothing was stored.")
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN:
            if _is_full(path):
                return full(path)
            can_only_be_read = os.access(path, os.R_OK) and not is_writable(path)
            return read_only(path) if can_only_be_read else _unreachable(path, error)
        case _ if any(sign in str(error) for sign in _SIGNS_OF_DAMAGE):
            return corrupt(path, f"is damaged ({error})")
        case _:
            return StoreError(f"The database {path} could not do this: {error}.", "Nothing was changed.")


def locked(path: Path) -> StoreLocked:
    """Another program holds the database."""
    return StoreLocked(
        f"The database {path} is in use: another program did not let go of it in time.",
        "Nothing was changed. Try again, or close the program that holds it.",
    )


def full(path: Path) -> StoreFull:
    """The disk is full."""
    return StoreFull(
        f"The disk that holds {path} is full.",
        "What was stored before is whole and can still be read. Free some space, then try again.",
    )


def read_only(path: Path) -> StoreReadOnly:
    """The database cannot be written."""
    return StoreReadOnly(
        f"The database {path} cannot be written: the file, its folder or its disk is read-only.",
        "What is there can still be read. Change the permissions, or name another folder with --home.",
    )


def corrupt(path: Path, what: str) -> StoreCorrupt:
    """The file is not a database that can be used; ``what`` goes on from its name."""
    return StoreCorrupt(
        f"The file {path} {what}.",
        "It was left as it is. Restore a backup, try `sqlite3 FILE .recover`, or move it away to start a new one.",
    )


def newer(path: Path, found: int, known: int) -> StoreNewer:
    """The schema is newer than this program."""
    return StoreNewer(
        f"The database {path} was written by a newer version of mlintern (schema {found}; this one knows {known}).",
        "It was left as it is. Update mlintern, or name another folder with --home.",
    )


def missing(path: Path) -> StoreMissing:
    """There is no database at ``path``."""
    return StoreMissing(f"There is no database at {path}.", "Start a run first, or name the right folder with --home.")


def is_writable(path: Path) -> bool:
    """Whether the file, and beside it its journal, may be written."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def unusable_folder(path: Path, error: OSError) -> StoreError:
    """The folder of the database, or of a run, could not be made or entered."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full(path)
    return StoreError(
        f"The folder {path} cannot be used: {error.strerror or error}.",
        "Make it a folder that you may write to, or name another one with --home.",
    )


def undone(path: Path) -> StoreError:
    """The caller goes on in a transaction that is no more."""
    return StoreError(
        f"The database {path} had to undo the change that this belongs to.",
        "Nothing was stored. Try the whole change again.",
    )


def unreadable_record(kind: str, error: Exception) -> StoreCorrupt:
    """A row holds what no record of ours can hold."""
    return StoreCorrupt(
        f"A {kind} in the database cannot be read: {error}.",
        "The file is damaged; restore a backup. The rest can be read.",
    )


def _unreachable(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(
        f"The database {path} cannot be reached: {error}.",
        "Check that the disk is there and that you may read and write the file and its folder.",
    )


def _is_full(path: Path) -> bool:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _ROOM_TO_WORK_BYTES
