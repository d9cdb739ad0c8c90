"""CPU time of this process and of its loader workers, read where it costs least."""

from __future__ import annotations

import os
from collections.abc import Iterable

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def children_cpu() -> float:
    """CPU seconds of children that have ended and been waited for."""
    times = os.times()
    return times.children_user + times.children_system


def processes_cpu(pids: Iterable[int]) -> float:
    """CPU seconds of living processes, from ``/proc``; 0 for one that is gone or where there is no ``/proc``."""
    return sum(process_cpu(pid) or 0.0 for pid in pids)


def process_cpu(pid: int) -> float | None:
    """CPU seconds of one process, from ``/proc``; ``None`` where it is gone or there is no ``/proc``."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICK
