"""The processes of a dry run: one fork a look, at the point where what the looks vary begins.

Up to the crossroads (the first batch or forward pass) the script runs once, in the process that the keeper started.
There it is forked: each fork goes on with the script and reports into a pipe; the first process waits, never goes on
with the script, and tells what came of all. A look that aborts, exits or hangs is one that could not, and takes nothing
with it. Invariant: no look outlives the process that it was forked from.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

Report = dict[str, Any]

GRACE_SECONDS = 4.0
"""A look that was told to come to an end and does not is killed after this."""
MOST_BYTES = 1 << 20
"""A longer report of a look is refused."""


@dataclass(slots=True)
class Look:
    """One look under way, from the side of the process that waits."""

    name: str
    pid: int
    reader: int
    deadline: float
    heard: bytearray = field(default_factory=bytearray)


def fork(name: str, seconds: float) -> Look | int:
    """Fork one look. In the fork, returns the descriptor to report to; here, the look."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _die_with(parent)
        return writer
    os.close(writer)
    return Look(name, pid, reader, time.monotonic() + seconds + GRACE_SECONDS)


def gather(looks: Sequence[Look]) -> list[Report]:
    """Wait for all of them; a look that said nothing is one that could not, and why."""
    with selectors.DefaultSelector() as selector:
        for look in looks:
            selector.register(look.reader, selectors.EVENT_READ, look)
        while selector.get_map():
            now = time.monotonic()
            waiting = [key.data for key in selector.get_map().values()]
            for key, _ in selector.select(max(0.0, min(look.deadline for look in waiting) - now)):
                data = os.read(key.fd, 1 << 16)
                key.data.heard += data
                # Not only at the end of the pipe: a process that the look has forked may still hold it.
                if not data or data.endswith(b"\n"):
                    selector.unregister(key.fd)
            for look in waiting:
                is_over = time.monotonic() > look.deadline or len(look.heard) > MOST_BYTES
                if is_over and look.reader in selector.get_map():
                    selector.unregister(look.reader)
                    with suppress(ProcessLookupError):
                        os.kill(look.pid, signal.SIGKILL)
    return [_end(look) for look in looks]


def tell(descriptor: int, report: Mapping[str, Any]) -> None:
    """In a look: hand the report over and end, at once and without cleaning up; the script's own ends are not run."""
    with suppress(OSError):
        data = json.dumps(report, default=str).encode() + b"\n"
        while data:
            data = data[os.write(descriptor, data) :]
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def be_quiet() -> None:
    """Drop what this look prints: another one prints the same."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)


def come_to_an_end_after(seconds: float, end: Callable[[], None]) -> None:
    """Call ``end``, which does not return, in the main thread once the time is over."""
    signal.signal(signal.SIGALRM, lambda *_: end())
    signal.setitimer(signal.ITIMER_REAL, max(0.05, seconds))


def has_come_to_an_end() -> None:
    """The end has begun: the time does not matter any more."""
    signal.setitimer(signal.ITIMER_REAL, 0.0)


def _end(look: Look) -> Report:
    os.close(look.reader)
    _, status = os.waitpid(look.pid, 0)
    try:
        report: Report = json.loads(bytes(look.heard))
    except ValueError:
        return {"name": look.name, "could_not": _why(status)}
    return report


def _why(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGKILL:
            return "it took too long, and was killed"
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        return f"its process was ended by {name}"
    return f"its process ended by itself, with exit code {os.WEXITSTATUS(status)}, before there was a report"


def _die_with(parent: int) -> None:
    """Let the kernel end this process with the one that it was forked from, where it can."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
