"""The worker as a process: started, written to, listened to, ended. Knows nothing of models.

Invariant: its two streams go into a log file, never to ours; its end is seen as the end of its pipe; and nothing of it
is left behind, whether it ends or is ended.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from . import frames

PROGRAM = (sys.executable, "-P", "-m", "mlintern.models.worker")
"""-P: what lies in the working folder is never imported."""
_MOST_LOG_BYTES = 4 << 20
_LOOK_SECONDS = 0.05
_ENVIRONMENT = {
    # Threads that wait by spinning take the cores away from a training, which takes them away from the threads: forty
    # times slower, measured.
    "OMP_WAIT_POLICY": "passive",
    "GGML_NO_BACKTRACE": "1",  # a failed assertion would start a debugger
}


class WorkerGone(EOFError):  # noqa: N818
    """The worker has ended, or speaks nonsense."""


@dataclass(slots=True)
class WorkerProcess:
    """One worker."""

    log: Path
    _process: subprocess.Popen[bytes]
    _to: BinaryIO
    _from: int
    _sending: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def start(cls, folder: Path) -> WorkerProcess:
        """Start one; ``folder`` gets its log. Raises :class:`OSError`."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = folder / "worker.log"
        mode = "ab" if log.exists() and log.stat().st_size < _MOST_LOG_BYTES else "wb"
        (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()
        try:
            with log.open(mode) as stream:
                process = subprocess.Popen(
                    [*PROGRAM, str(in_read), str(out_write)],
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                    pass_fds=(in_read, out_write),
                    env={**os.environ, **_ENVIRONMENT},
                    cwd=folder,
                    start_new_session=True,
                )
        except OSError:
            for descriptor in (in_write, out_read):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (in_read, out_write):
                os.close(descriptor)
        return cls(log, process, os.fdopen(in_write, "wb"), out_read)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, message: dict[str, Any]) -> None:
        """Write one message; one that has ended hears nothing, which :meth:`receive` then tells. From any thread."""
        with self._sending, suppress(OSError, ValueError):
            frames.write(self._to, message)

    def receive(self, deadline: Callable[[], float]) -> dict[str, Any]:
        """Its next message. Raises :class:`WorkerGone`, or :class:`TimeoutError` when the deadline has passed."""
        try:
            return frames.read(_Patient(self._from, deadline))  # type: ignore[arg-type]
        except (EOFError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise WorkerGone(str(error)) from error

    def wait(self, seconds: float) -> bool:
        """Whether it ended by itself within so many seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Kill it where it lives, and let nothing of it stay."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        with self._sending, suppress(OSError):
            self._to.close()
        if self._from >= 0:
            os.close(self._from)
            self._from = -1

    def end_words(self) -> str:
        """How it ended, in words."""
        self.wait(1.0)
        code = self._process.poll()
        if code is None:
            return "it closed its pipe"
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            return f"killed by {name}"
        return f"exit code {code}"


class _Patient:
    """A pipe's reading end that stops waiting when a deadline passes, which may come nearer meanwhile."""

    def __init__(self, descriptor: int, deadline: Callable[[], float]) -> None:
        self._descriptor, self._deadline = descriptor, deadline
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def read(self, count: int) -> bytes:
        while True:
            left = self._deadline() - time.monotonic()
            if left <= 0:
                raise TimeoutError("the worker did not answer in time")
            if self._poll.poll(1000 * min(left, _LOOK_SECONDS)):
                return os.read(self._descriptor, count)
