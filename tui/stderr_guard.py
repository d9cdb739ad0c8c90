"""Keeps the screen clean: what native code writes to file descriptor 2 goes to a file instead.

Invariant: the application draws on its own copy of the terminal, made before; afterwards everything is as it was.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOG_NAME = "face.log"


@contextmanager
def guarded_stderr(home: Path) -> Iterator[None]:
    """Send descriptor 2 to ``home/face.log``, and give Textual, which draws on ``sys.__stderr__``, the real one."""
    original, before = sys.__stderr__, sys.stderr
    if original is None:
        yield
        return
    original.flush()
    terminal = os.dup(2)
    screen = os.fdopen(terminal, "w", encoding=original.encoding or "utf-8", errors="replace", closefd=True)
    sink = _open_sink(home)
    os.dup2(sink, 2)
    os.close(sink)
    sys.__stderr__ = screen  # type: ignore[misc]  # Textual's driver writes there
    try:
        yield
    finally:
        screen.flush()
        os.dup2(terminal, 2)
        sys.__stderr__, sys.stderr = original, before  # type: ignore[misc]
        screen.close()


def _open_sink(home: Path) -> int:
    """The file to write to; nowhere, where the folder cannot be written."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        return os.open(home / LOG_NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
