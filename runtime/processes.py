"""Which process is which: pids are reused and the wall clock jumps, so a process is known by its pid and its start.

Invariant: two calls about the same process give the same answer whatever happens to the system clock in between.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from . import kernel
from .protocol import RUN_VARIABLE

_STATE, _START_TICKS = 0, 19
"""Places in ``/proc/PID/stat`` after the command."""


def started_at(pid: int) -> float | None:
    """When a living process started, in seconds since the machine did; ``None`` when it has ended or never was."""
    if not kernel.IS_LINUX:
        return _started_elsewhere(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    # A zombie has ended; only its parent has not looked yet.
    if fields[_STATE] in (b"Z", b"X"):
        return None
    return int(fields[_START_TICKS]) / os.sysconf("SC_CLK_TCK")


def is_alive(pid: int | None, started: float | None) -> bool:
    """Whether the very process that had this pid and started then is still there."""
    return pid is not None and started is not None and started_at(pid) == started


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal; where the system does not tell, it has none."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_bytes().splitlines():
            if line.startswith(b"SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def of_run(folder: Path) -> tuple[int, ...]:
    """The processes that belong to a run, by the mark that all of them inherit."""
    mark = os.fsencode(f"{RUN_VARIABLE}={folder}")
    found = []
    with suppress(OSError):
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return tuple(found)


def _started_elsewhere(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
