"""Memory at the end of an optimizer step, as the process itself sees it: what its tensors hold on each accelerator, and
what it has resident.

Invariant: asking waits for no device, initialises none, and resets nothing that the script may read, such as its own
peak. Where torch does not tell, nothing is said.
"""

from __future__ import annotations

import os
import time
from typing import Any

from .channel import Channel

REPORT_SECONDS = 0.2
_STATISTICS = {
    "allocated": "allocated_bytes.all.current",
    "peak": "allocated_bytes.all.peak",
    "reserved": "reserved_bytes.all.current",
    "retries": "num_alloc_retries",
    "ooms": "num_ooms",
}


class AllocatorWatch:
    """Reports a few times a second at most, at the end of a step."""

    def __init__(self, torch: Any, channel: Channel) -> None:
        self._torch = torch
        self._channel = channel
        self._next_report = 0.0
        self._totals: dict[int, int] = {}

    def after_step(self, step: int) -> None:
        """The optimizer has stepped."""
        now = time.monotonic()
        if now < self._next_report:
            return
        self._next_report = now + REPORT_SECONDS
        self._channel.send("allocator", step=step, resident=resident_bytes(), devices=self._devices())

    def _devices(self) -> list[dict[str, int]]:
        cuda = self._torch.cuda
        if not cuda.is_initialized():
            return []
        try:
            return [row for index in range(cuda.device_count()) if (row := self._device(cuda, index)) is not None]
        except (RuntimeError, AttributeError, KeyError, AssertionError):
            return []  # another backend, or another version: nothing is better than something wrong

    def _device(self, cuda: Any, index: int) -> dict[str, int] | None:
        statistics = cuda.memory_stats(index)
        row = {name: int(statistics.get(key, 0)) for name, key in _STATISTICS.items()}
        if not row["reserved"]:
            return None
        if index not in self._totals:
            self._totals[index] = int(cuda.get_device_properties(index).total_memory)
        return {"index": index, "total": self._totals[index], **row}


def resident_bytes() -> int | None:
    """What this process has resident, or ``None`` where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
