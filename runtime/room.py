"""How much memory is free now, on the machine and on its GPUs.

Invariant: what cannot be found out is ``None`` or absent, never zero; looking never fails.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .nvml import GpuMonitor


@dataclass(frozen=True, slots=True)
class Room:
    """Free memory at one moment."""

    host_bytes: int
    """Of the machine, or of the control group that we are in where that has less."""
    device_bytes: tuple[int, ...] = ()
    """Of each GPU that tells; empty without one."""


class RoomWatch:
    """Looks at the free memory; the GPUs' library is opened at the first look and held."""

    def __init__(self) -> None:
        self._gpus: GpuMonitor | None = None

    def look(self) -> Room:
        """What is free now."""
        # Here and not above: a face reads views with a room in them long before it looks for one.
        from .nvml import GpuMonitor
        from .pressure import MemoryGroup, host_allowance

        if self._gpus is None:
            self._gpus = GpuMonitor()
            self._gpus.open()
        samples = self._gpus.look(frozenset())
        return Room(
            host_bytes=host_allowance(MemoryGroup(os.getpid())).left_bytes,
            device_bytes=tuple(
                sample.memory_total_bytes - sample.memory_used_bytes
                for sample in samples
                if sample.memory_total_bytes is not None and sample.memory_used_bytes is not None
            ),
        )
