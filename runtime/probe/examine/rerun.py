"""The script's data preparation once more, with something changed: in a copy of the process.

The copy is made as the first raw data arrives. It waits; at the script's end it is asked to go on with changed data,
in a copy of its own each time, up to the first few matrices that train a model, and tells their rows' hashes.
Invariant: it prints nothing, reports nothing else, and ends with the process that it was copied from.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

MOST_MATRICES = 3
SLOW_TO_IMPORT = ("numpy", "pandas", "scipy", "sklearn", "torch", "sympy")


class Rerun:
    """One waiting copy, seen from the script's own process."""

    def __init__(self) -> None:
        self.pid = 0
        self.in_copy = False
        self.request: dict[str, Any] = {}
        self._to_copy = -1
        self._from_copy = -1
        self._answers = -1
        self._told = 0
        self._modules: frozenset[str] = frozenset()

    def fork(self, leave: Callable[[], None]) -> bool:
        """Make the copy; ``True`` in one that should go on with :attr:`request`. ``leave`` lets go of what was ours."""
        if threading.active_count() > 1:
            return False
        self._modules = frozenset(sys.modules)
        wanted, to_copy = os.pipe()
        from_copy, answers = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pid = os.fork()
        if pid:
            os.close(wanted)
            os.close(answers)
            self.pid, self._to_copy, self._from_copy = pid, to_copy, from_copy
            return False
        os.close(to_copy)
        os.close(from_copy)
        self._answers = answers
        leave()
        _fall_silent()
        return self._wait(wanted)

    def _wait(self, wanted: int) -> bool:
        """In the copy: make a further copy for each request; only those return."""
        with os.fdopen(wanted) as requests:
            for line in requests:
                request = json.loads(line)
                if "modules" in request:
                    _import_again(request["modules"])
                    continue
                pid = os.fork()
                if not pid:
                    self.in_copy, self.request = True, request
                    return True
                _end_in_time(pid, float(request["seconds"]))
                os.write(self._answers, b"\n")  # an empty line: that was all
        os._exit(0)

    def tell_last(self, numbers: list[float]) -> None:
        """In a copy: tell these numbers, and end."""
        self._told = MOST_MATRICES
        self.tell(numbers)

    def tell(self, rows: list[Any]) -> None:
        """In a copy: tell the hashes of one matrix; after a few the copy has done its duty."""
        data = (json.dumps(rows, separators=(",", ":")) + "\n").encode()
        while data:
            data = data[os.write(self._answers, data) :]
        self._told += 1
        if self._told >= MOST_MATRICES:
            os._exit(0)

    def warm(self) -> None:
        """Let the copy import what the script has imported since, while the script goes on."""
        modules = [name for name in sys.modules if name not in self._modules and name.split(".")[0] in SLOW_TO_IMPORT]
        if self.pid:
            os.write(self._to_copy, (json.dumps({"modules": modules}) + "\n").encode())

    def ask(self, request: dict[str, Any], seconds: float) -> list[list[Any]]:
        """Let the copy go on with a request; the hashes of the matrices it came to."""
        if not self.pid:
            return []
        os.write(self._to_copy, (json.dumps({**request, "seconds": seconds}) + "\n").encode())
        deadline, text = time.monotonic() + seconds + 1.0, b""
        while time.monotonic() < deadline and b"\n\n" not in b"\n" + text:
            ready, _, _ = select.select([self._from_copy], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._from_copy, 1 << 20) if ready else b""
            if not piece:
                break
            text += piece
        return [json.loads(line) for line in text.split(b"\n") if line.startswith(b"[") and line.endswith(b"]")]

    def end(self) -> None:
        """End the copy."""
        if not self.pid:
            return
        with contextlib.suppress(OSError):
            os.close(self._to_copy)
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.pid = 0


def _import_again(names: list[str]) -> None:
    """What the script imported since: once, not in every further copy."""
    for name in names:
        if name not in sys.modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _fall_silent() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def _end_in_time(pid: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
