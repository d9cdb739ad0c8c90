"""`mlintern logs`: what a run has printed, byte for byte; made harmless where it goes to a terminal.

Invariant: the log is read in pieces, so that its size does not matter.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from ...runtime import launch
from ...runtime.guard import EVENT
from ...store import Store
from .. import memory_words
from ..output import CommandError, ExitCode, Output
from ..text import clean
from .opening import home_folder, opened

PIECE_BYTES = 1 << 16
POLL_SECONDS = 0.2


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Write a run's log to standard output, to its end or as it grows."""
    with opened(home_folder(options), create=False) as store:
        run = store.runs.get(options.run)
        write = _terminal_writer() if sys.stdout.isatty() else _byte_writer()
        tell = _memory_teller(store, run.id, output)
        for piece in _pieces(run.log_path, _is_over(store, run.id, tell) if options.follow else lambda: True):
            write(piece)
        write(b"")
        tell()
        if not run.log_path.exists():
            output.say(f"run {run.id} has printed nothing, or its log is gone")
    return ExitCode.DONE


def _memory_teller(store: Store, run_id: int, output: Output) -> Callable[[], None]:
    """Says, each time, what the guard has said of the run's memory since."""
    told = 0

    def tell() -> None:
        nonlocal told
        events = store.events.of_kind(EVENT, run_id=run_id)
        for event in events[told:]:
            output.say(memory_words.line(event))
        told = len(events)

    return tell


def _is_over(store: Store, run_id: int, tell: Callable[[], None]) -> Callable[[], bool]:
    def is_over() -> bool:
        tell()
        launch.reconcile(store)
        return store.runs.get(run_id).status.is_over

    return is_over


def _pieces(path: Path, is_over: Callable[[], bool]) -> Iterator[bytes]:
    """The log's pieces; ends at the end of the file once nothing can come any more."""
    file: BinaryIO | None = None
    try:
        while True:
            was_over = is_over()  # asked before reading: what is written in between is read then
            file = file or _open(path)
            while file is not None and (piece := file.read(PIECE_BYTES)):
                yield piece
            if was_over:
                return
            time.sleep(POLL_SECONDS)
    finally:
        if file is not None:
            file.close()


def _open(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError("log", f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error


def _byte_writer() -> Callable[[bytes], None]:
    def write(piece: bytes) -> None:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    return write


def _terminal_writer() -> Callable[[bytes], None]:
    """Line by line without control codes; an empty piece writes what is left of the last line."""
    rest = b""

    def write(piece: bytes) -> None:
        nonlocal rest
        *lines, rest = (rest + piece).split(b"\n") if piece else (rest, b"")
        if lines and (piece or lines != [b""]):
            sys.stdout.writelines(f"{clean(line.decode('utf-8', 'replace'))}\n" for line in lines)
            sys.stdout.flush()

    return write
