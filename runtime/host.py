"""What a run's processes use of the machine: memory, processor time, and what they write to disk.

Invariant: a look is cheap enough for once a second. Memory that several processes share is counted once; because
asking the kernel for that is slow, it is done rarely, and the last ratio is used in between.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from .pressure import Allowance, MemoryGroup, host_allowance

_RESCAN_SECONDS = 15.0
_SHARED_COST = 0.005
"""The share of time that may go into asking for shared memory."""
_SMALL_BYTES = 32 << 20
"""Processes below this size share too little to ask."""


@dataclass(frozen=True, slots=True)
class HostUse:
    """What the processes below the keeper use at one moment."""

    host_bytes: int
    cpu_seconds: float
    """Processor time of all of them since the start, also of those that have ended."""
    disk_written_bytes: int
    allowance: Allowance
    """Memory that is left to the run: what the machine or its control group has, whichever is less."""
    resident: Mapping[int, int]
    """What each of the processes has resident, by pid; what they share is in each of them."""

    @property
    def available_bytes(self) -> int:
        """Memory that is left to the run."""
        return self.allowance.left_bytes

    @property
    def pids(self) -> frozenset[int]:
        """The run's processes."""
        return frozenset(self.resident)


class HostMonitor:
    """Looks at every process below one, the keeper, which is itself not part of the run."""

    def __init__(self, keeper_pid: int) -> None:
        self._keeper = psutil.Process(keeper_pid)
        self._group = MemoryGroup(keeper_pid)
        self._members: dict[int, psutil.Process] = {}
        self._strangers: set[int] = set()
        self._next_rescan = 0.0
        self._private_share = 1.0
        self._next_shares = 0.0

    def look(self) -> HostUse:
        """The use of this moment."""
        self._find_members()
        sizes: dict[int, int] = {}
        cpu, written = self._of_ended()
        for pid, process in list(self._members.items()):
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    sizes[pid] = process.memory_info().rss
                    cpu += sum(times[:4])
                    written += _written(process)
            except psutil.Error:
                self._members.pop(pid)
                sizes.pop(pid, None)
        return HostUse(
            host_bytes=self._counted_once(sizes),
            cpu_seconds=cpu,
            disk_written_bytes=written,
            allowance=host_allowance(self._group),
            resident=sizes,
        )

    def _of_ended(self) -> tuple[float, int]:
        """The kernel adds what a process used to its parent's account when the parent has collected it."""
        try:
            times = self._keeper.cpu_times()
            return times.children_user + times.children_system, _written(self._keeper)
        except psutil.Error:
            return 0.0, 0

    def _find_members(self) -> None:
        """A process is below the keeper when its parent is; only pids not seen before are asked for their parent."""
        now = time.monotonic()
        if now >= self._next_rescan:
            # A pid may have been given to another process meanwhile.
            self._strangers.clear()
            self._next_rescan = now + _RESCAN_SECONDS
        present = psutil.pids()
        self._strangers.intersection_update(present)
        waiting = {pid: _parent(pid) for pid in present if pid not in self._strangers and pid not in self._members}
        found = True
        while found:
            ours = [pid for pid, parent in waiting.items() if parent in self._members or parent == self._keeper.pid]
            found = bool(ours)
            for pid in ours:
                del waiting[pid]
                with suppress(psutil.Error):
                    self._members[pid] = psutil.Process(pid)
        self._strangers.update(waiting)

    def _counted_once(self, sizes: dict[int, int]) -> int:
        total = sum(sizes.values())
        large = [pid for pid, size in sizes.items() if size > _SMALL_BYTES]
        if len(large) < 2:
            return total
        started = time.monotonic()
        if started >= self._next_shares:
            self._private_share = self._measure_share(large, sizes)
            self._next_shares = time.monotonic() + (time.monotonic() - started) / _SHARED_COST
        return int(total * self._private_share)

    def _measure_share(self, large: list[int], sizes: dict[int, int]) -> float:
        proportional = resident = 0
        for pid in large:
            with suppress(psutil.Error):
                proportional += getattr(self._members[pid].memory_full_info(), "pss", sizes[pid])
                resident += sizes[pid]
        return min(1.0, proportional / resident) if resident else 1.0


def _parent(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).ppid())
    except psutil.Error:
        return None


def _written(process: psutil.Process) -> int:
    """Bytes that a process sent towards a disk; 0 where the system does not tell."""
    try:
        return int(process.io_counters().write_bytes)
    except (psutil.Error, AttributeError):
        return 0
