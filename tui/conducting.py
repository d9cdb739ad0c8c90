"""What the processes that conduct a sweep or a confirmation have in common: leaving the terminal, being the only one,
and looking again whenever something has changed.

Invariant: there is one for a row at a time, and it keeps nothing to itself: another one goes on where it was killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ..runtime import processes
from ..store import Store, StoreError

POLL_SECONDS = 0.2
LOOK_SECONDS = 1.0


class Conducted(Protocol):
    """A row that one process conducts."""

    @property
    def conductor_pid(self) -> int | None:
        """Its process; ``None`` before there was one."""
        ...

    @property
    def conductor_started(self) -> float | None:
        """When that process was created, so that a reused pid is not mistaken for it."""
        ...


class Rows(Protocol):
    """Where such rows are."""

    def get(self, row_id: int, /) -> Conducted:
        """The row with this id."""
        ...

    def update(self, row_id: int, /, *, conductor_pid: int | None, conductor_started: float | None) -> object:
        """Say which process conducts it."""
        ...


def spawn(module: str, home: Path, row_id: int, folder: Path) -> None:
    """Start a conductor, ``python -m module HOME ROW``; returns when it has left this process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "conductor.log").open("ab") as log:
        process = subprocess.Popen(
            # -P: the folder that the user is in must not offer modules.
            [sys.executable, "-P", "-m", module, str(home), str(row_id)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    # What we started has forked and ended; the conductor is no child of ours.
    process.wait()


def is_conducted(row: Conducted) -> bool:
    """Whether a process conducts it now."""
    return processes.is_alive(row.conductor_pid, row.conductor_started)


def leave() -> tuple[Path, int]:
    """Leave whoever started us; returns the home and the row that were named."""
    home, row_id = Path(sys.argv[1]), int(sys.argv[2])
    if os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    # A neighbour of the runs that takes turns with them would cost what it is to save.
    with suppress(OSError):
        os.nice(5)
    return home, row_id


def claim(store: Store, rows: Rows, row_id: int) -> bool:
    """Make this process the row's conductor, if no other is."""
    with store.transaction():
        if is_conducted(rows.get(row_id)):
            return False
        rows.update(row_id, conductor_pid=os.getpid(), conductor_started=processes.started_at(os.getpid()))
    return True


def conduct(store: Store, turn: Callable[[], bool]) -> None:
    """Call ``turn`` whenever something has changed and once a second, until it says that all is over."""
    looked = 0.0
    seen = -1
    while True:
        version = store.data_version()
        if version == seen and time.monotonic() - looked < LOOK_SECONDS:
            time.sleep(POLL_SECONDS)
            continue
        seen, looked = version, time.monotonic()
        try:
            if turn():
                return
        except StoreError as error:
            # A database that is locked or full now may take it in a moment; the runs go on meanwhile.
            sys.stderr.write(f"{error}\n")
            time.sleep(LOOK_SECONDS)
