"""The run's output, byte for byte, in a file; and its pieces for the search.

Invariant: the file holds exactly what the script wrote, in order, whatever it was, until the disk is full; then what
did not fit is counted and the script is never made to wait for it.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from ..store import Store, StoreError

PIECE_BYTES = 64 * 1024
INDEXED_BYTES = 8 * 1024 * 1024
"""How much of the beginning, and of the end, can be found by search."""


class OutputLog:
    """Appends to ``output.log``."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.size_bytes = os.fstat(self._file).st_size
        self.lost_bytes = 0
        self._digest = sha256(path.read_bytes() if self.size_bytes else b"")

    @property
    def sha256(self) -> str:
        """Of all that was written, as it came: what somebody else does to the file does not change it."""
        return self._digest.hexdigest()

    @property
    def is_full(self) -> bool:
        """Whether something did not fit on the disk."""
        return self.lost_bytes > 0

    def write(self, data: bytes) -> None:
        """Append; what finds no room is lost and counted."""
        rest = memoryview(data)
        while rest and not self.is_full:
            try:
                written = os.write(self._file, rest)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
                    raise
                break
            self.size_bytes += written
            self._digest.update(rest[:written])
            rest = rest[written:]
        self.lost_bytes += len(rest)

    def close(self) -> None:
        """No more output."""
        os.close(self._file)


class LogIndexer:
    """Makes a log findable piece by piece: a piece at a time while it grows, the rest when it is complete."""

    def __init__(self, store: Store, run_id: int, path: Path) -> None:
        self._store = store
        self._run_id = run_id
        self._path = path
        self._next = 0

    def advance(self, size_bytes: int) -> None:
        """Index the next piece if the log has grown by one; costs a few milliseconds at most."""
        if self._next < INDEXED_BYTES and size_bytes - self._next >= PIECE_BYTES:
            # What cannot be stored now is stored at the end, or with the next piece.
            with suppress(StoreError):
                self._index_piece()

    def finish(self) -> None:
        """Index what is missing of the first and of the last stretch of a complete log."""
        size = self._path.stat().st_size
        while self._next < min(size, INDEXED_BYTES):
            self._index_piece()
        self._next = max(self._next, size - INDEXED_BYTES)
        while self._next < size:
            self._index_piece()

    def _index_piece(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._next)
            piece = file.read(PIECE_BYTES)
        # A piece ends with a line, so that no word is cut; one endless line is cut anyway.
        if len(piece) == PIECE_BYTES:
            piece = piece[: piece.rfind(b"\n") + 1] or piece
        self._store.logs.index(self._run_id, self._next, piece.decode("utf-8", "replace"))
        self._next += len(piece)
