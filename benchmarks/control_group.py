"""A real control group with a memory limit, for as long as it is needed; v1 or v2, whichever this machine has."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlintern.runtime.pressure import MemoryGroup

LIMITS = ("memory.limit_in_bytes", "memory.max")


class UnavailableError(RuntimeError):
    """No group can be made here; the text says why."""


@contextmanager
def limited(limit_bytes: int) -> Iterator[Path]:
    """A group below our own, or below one above it; processes enter by writing their pid into ``cgroup.procs``."""
    problem = "there is no memory controller"
    for above in MemoryGroup(os.getpid()).folders:
        folder = above / f"mlintern-{secrets.token_hex(4)}"
        try:
            folder.mkdir()
        except OSError as error:
            problem = f"{above}: {error.strerror}"
            continue
        limit = next((folder / name for name in LIMITS if (folder / name).exists()), None)
        if limit is None:
            problem = f"{above} gives no memory controller to groups below it"
            folder.rmdir()
            continue
        try:
            limit.write_text(str(limit_bytes))
            _no_swap(folder)
            yield folder
        finally:
            _remove(folder)
        return
    raise UnavailableError(problem)


def _no_swap(folder: Path) -> None:
    for name, value in (("memory.swap.max", "0"), ("memory.swappiness", "0")):
        with suppress(OSError):
            if (folder / name).exists():
                (folder / name).write_text(value)


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for pid in (folder / "cgroup.procs").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        try:
            folder.rmdir()
        except OSError:
            time.sleep(0.05)  # what has ended is not quite gone yet
        else:
            return
    raise RuntimeError(f"{folder} could not be removed")
