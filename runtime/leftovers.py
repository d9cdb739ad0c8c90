"""What a run may leave behind when it ends badly: processes, and folders besides its own.

Invariant: only what carries the run's mark is killed, and only what was made for it is removed.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from ..store import Store, StoreError
from ..store.records import Run
from . import processes, scratch

TEMPORARY = "temporary"
"""The report that names a run's folder for temporary files."""

_KILL_SECONDS = 5.0


def kill(run: Run) -> tuple[int, ...]:
    """Kill what is left of a run that nobody supervises any more; returns what would not die.

    Its keeper does so too, when it is still there: whoever is faster.
    """
    deadline = time.monotonic() + _KILL_SECONDS
    while left := processes.of_run(run.folder):
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return left
        time.sleep(0.01)
    return ()


def remove(store: Store, run: Run) -> None:
    """Remove what a run that is over has left outside of its log and its records."""
    scratch.remove(run.folder / "scratch")
    with suppress(StoreError):
        report = store.reports.get(run.id, TEMPORARY)
        if report is not None and Path(report["path"]).name.startswith(scratch.TEMPORARY_PREFIX):
            scratch.remove(Path(report["path"]))
