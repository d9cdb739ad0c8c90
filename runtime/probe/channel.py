"""The probe's way out: JSON lines on an inherited file descriptor.

Invariant: a full or closed pipe never stops or slows the training. Messages wait in memory, then the oldest metrics are
dropped and the number of dropped ones is told.
"""

from __future__ import annotations

import json
import math
import os
import time
from typing import Any

FLUSH_SECONDS = 0.25
MAX_WAITING_ROWS = 100_000
MAX_WAITING_BYTES = 1 << 20
"""Above this much unsent text, metrics wait as rows, where they can be thinned."""


class Channel:
    """Writes messages to the supervisor; silent in forked children, which are not the run."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._process = os.getpid()
        self._waiting = bytearray()
        self._rows: list[list[Any]] = []
        self._steps = 0
        self._sent_steps = 0
        self._dropped = 0
        self._next_flush = 0.0
        if descriptor is not None:
            os.set_blocking(descriptor, False)
            os.set_inheritable(descriptor, False)

    def send(self, kind: str, **fields: Any) -> None:
        """Send one message now, or as soon as the pipe takes it."""
        self._encode({"e": kind, **fields})
        self.flush()

    def metric(self, step: int, name: str, value: float) -> None:
        """Queue one value; it leaves with the next flush."""
        if math.isfinite(value):
            self._rows.append([step, name, value])
        else:
            self._rows.append([step, name, None, str(value)])

    def progress(self, steps: int) -> None:
        """Tell how many optimizer steps are done, at most once per flush interval."""
        self._steps = steps
        now = time.monotonic()
        if now >= self._next_flush:
            self._next_flush = now + FLUSH_SECONDS
            self.flush()

    def flush(self) -> None:
        """Write what the pipe takes, without waiting."""
        if self._descriptor is None or os.getpid() != self._process:
            return
        self._collect()
        self._write()

    def finish(self, seconds: float = 5.0) -> None:
        """Write everything that is left, waiting at most ``seconds`` for a slow reader."""
        if self._descriptor is None or os.getpid() != self._process:
            return
        deadline = time.monotonic() + seconds
        self.flush()
        while (self._waiting or self._rows) and self._descriptor is not None and time.monotonic() < deadline:
            time.sleep(0.005)
            self.flush()

    def _collect(self) -> None:
        if len(self._rows) > MAX_WAITING_ROWS:
            self._dropped += len(self._rows) - MAX_WAITING_ROWS // 2
            self._rows = self._rows[-MAX_WAITING_ROWS // 2 :]
        if len(self._waiting) > MAX_WAITING_BYTES:
            return
        if self._steps != self._sent_steps:
            self._sent_steps = self._steps
            self._encode({"e": "progress", "steps": self._steps, "planned": None})
        while self._rows:
            rows, self._rows = self._rows[:2000], self._rows[2000:]
            self._encode({"e": "metrics", "rows": rows})
        if self._dropped:
            self._encode(
                {"e": "note", "code": "metrics.dropped", "text": f"{self._dropped} metric values were dropped"}
            )
            self._dropped = 0

    def _encode(self, message: dict[str, Any]) -> None:
        text = json.dumps(message, separators=(",", ":"), default=str)
        self._waiting += text.encode("utf-8", "backslashreplace") + b"\n"

    def _write(self) -> None:
        while self._waiting and self._descriptor is not None:
            try:
                written = os.write(self._descriptor, memoryview(self._waiting)[:65536].tobytes())
            except BlockingIOError:
                return
            except OSError:
                self._descriptor = None  # nobody listens any more; the training goes on
                return
            del self._waiting[:written]
