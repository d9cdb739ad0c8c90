"""A run that hangs in its data loader: noticed while it waits, and told with where everybody stands.

A thread looks how long the script has been waiting for one batch. When that is far longer than usual it asks every
worker for its stack, twice, and reads how much processor time was used in between. Workers answer from a signal handler
of the C library, so that one that waits for a lock answers too.

Invariant: nothing of the script is stopped or changed, except that a rehearsal whose workers surely stand still ends,
because nothing more can come of it.
"""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

from .channel import Channel
from .clocks import process_cpu

SIGNAL = getattr(signal, "SIGRTMIN", 0) + 9 if hasattr(signal, "SIGRTMIN") else 0
"""A signal that nobody uses; 0 where the system has none."""
SHORT_SECONDS, LONG_SECONDS = 10.0, 60.0
"""A wait that is looked at: in a run cut short, and in a long one."""
TIMES_USUAL = 20.0
"""A wait that is so many times longer than usual is looked at, but not before the seconds above."""
BETWEEN_SECONDS = 3.0
"""Between the two looks."""
END_SECONDS = 25.0
"""A rehearsal that has waited so long, with everybody standing still, ends."""
IDLE_CPU_SECONDS = 0.1
"""Who used less than this in between stands still."""
LOOK_SECONDS = 1.0
MOST_FRAMES, MOST_WORKERS = 12, 16
EXIT_CODE = 75
"""With this a rehearsal ends whose workers stand still."""
_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$', re.MULTILINE)


class Waiting:
    """The wait that is under way, written by the main thread alone."""

    def __init__(self) -> None:
        self.since: float | None = None
        self.workers: list[int] = []
        self.on_first: Callable[[], None] = lambda: None
        """Called when a batch is asked for the first time."""
        self._sum = 0.0
        self._count = 0

    def begin(self, workers: list[int]) -> None:
        """A batch is asked for."""
        self.workers = workers
        self.since = time.monotonic()
        if not self._count:
            begun, self.on_first = self.on_first, lambda: None
            begun()

    def end(self) -> None:
        """It came, or the loader has ended."""
        if self.since is not None:
            self._sum += time.monotonic() - self.since
            self._count += 1
        self.since = None

    @property
    def usual(self) -> float:
        """Seconds that a batch has taken so far."""
        return self._sum / self._count if self._count else 0.0


class StuckWatch:
    """Watches one process's waits."""

    def __init__(self, channel: Channel, *, is_short: bool, is_users: Callable[[str], bool]) -> None:
        self._channel = channel
        self._is_short = is_short
        self._is_users = is_users
        self._process = os.getpid()
        self._main = threading.get_ident()
        self._stacks: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  open for as long as there are workers
        self._told: dict[str, Any] | None = None
        """What was said of the wait that began at ``_told_of``, until it is over."""
        self._told_of: float | None = None
        self.waiting = Waiting()

    def begin(self) -> None:
        """Watch from the first batch on; done before the script's first line.

        Not with a thread before: a script without a loader may fork as it likes.
        """
        if SIGNAL:
            os.register_at_fork(after_in_child=self._answer_in_child)
        thread = threading.Thread(target=self._watch, name="mlintern-stuck", daemon=True)
        self.waiting.on_first = thread.start

    def _answer_in_child(self) -> None:
        os.lseek(self._stacks.fileno(), 0, os.SEEK_END)
        faulthandler.register(SIGNAL, file=self._stacks, all_threads=False)

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            since = self.waiting.since
            if self._told is not None and since != self._told_of:
                self._channel.send("stuck", **self._told, went_on=True)
                self._told = None
            if since is not None and time.monotonic() - since >= self._patience():
                self._tell(since)

    def _patience(self) -> float:
        return max(SHORT_SECONDS if self._is_short else LONG_SECONDS, TIMES_USUAL * self.waiting.usual)

    def _tell(self, since: float) -> None:
        """Say where everybody stands, if the wait goes on for long enough to look twice."""
        pids = [self._process, *self.waiting.workers[:MOST_WORKERS]]
        first = [self._look(pid) for pid in pids]
        time.sleep(BETWEEN_SECONDS)
        if self.waiting.since != since:
            return  # it was only slow
        main, *workers = (_compared(one, self._look(one["pid"])) for one in first)
        waited = time.monotonic() - since
        usual = round(self.waiting.usual, 4)
        self._told = {"seconds": round(waited, 1), "usual": usual, "main": main, "workers": workers}
        self._told_of = since
        self._channel.send("stuck", **self._told)
        stands = all(one["stands"] for one in workers or [main])
        if self._is_short and stands and waited >= END_SECONDS:
            self._channel.finish()
            self._end()

    def _end(self) -> None:
        for pid in self.waiting.workers:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)  # they would wait for ever
        os._exit(EXIT_CODE)

    def _look(self, pid: int) -> dict[str, Any]:
        frames = self._main_stack() if pid == self._process else self._stack_of(pid)
        return {"pid": pid, "frames": frames, "cpu_seconds": process_cpu(pid), "waits_in": _waits_in(pid)}

    def _stack_of(self, pid: int) -> list[dict[str, Any]]:
        """A worker's stack, innermost first; empty where it does not answer."""
        descriptor = self._stacks.fileno()
        before = os.fstat(descriptor).st_size
        if not SIGNAL:
            return []
        try:
            os.kill(pid, SIGNAL)
        except OSError:
            return []
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline and os.fstat(descriptor).st_size == before:
            time.sleep(0.01)
        time.sleep(0.05)  # until it is written to the end
        text = os.pread(descriptor, 65536, before).decode("utf-8", "replace")
        return self._frames(text)

    def _frames(self, text: str) -> list[dict[str, Any]]:
        found = [
            {"file": match["file"], "line": int(match["line"]), "function": match["function"]}
            for match in _FRAME.finditer(text)
        ]
        for frame in found:
            frame["users"] = self._is_users(str(frame["file"]))
        return found[:MOST_FRAMES]

    def _main_stack(self) -> list[dict[str, Any]]:
        frame = sys._current_frames().get(self._main)
        found: list[dict[str, Any]] = []
        while frame is not None and len(found) < MOST_FRAMES * 2:
            file = frame.f_code.co_filename
            found.append(
                {
                    "file": file,
                    "line": frame.f_lineno,
                    "function": frame.f_code.co_name,
                    "users": self._is_users(file),
                }
            )
            frame = frame.f_back
        return found


def _compared(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """The second look, with the processor time used since the first, and whether nothing has moved."""
    before, after = first["cpu_seconds"], second["cpu_seconds"]
    used = None if before is None or after is None else after - before
    same = bool(second["frames"]) and first["frames"] == second["frames"]
    stands = same and used is not None and used < IDLE_CPU_SECONDS
    return {**second, "cpu_seconds": used, "same": same, "stands": stands}


def _waits_in(pid: int) -> str | None:
    """The kernel's function that the process waits in, where the kernel tells."""
    try:
        with open(f"/proc/{pid}/wchan", encoding="ascii", errors="replace") as file:
            return file.read(100) or None
    except OSError:
        return None
