"""One look at everything a run uses: processes, machine and GPUs, with what it adds up to over the run.

Invariant: looking never fails. Peaks and sums cover every look so far.
"""

from __future__ import annotations

from ..store.records import Sample
from .host import HostMonitor
from .limits import Usage
from .nvml import GpuMonitor


class Monitors:
    """The monitors of one run."""

    def __init__(self, keeper_pid: int) -> None:
        self._host = HostMonitor(keeper_pid)
        self._gpus = GpuMonitor()
        self._is_open = False
        self._elapsed = 0.0
        self._cpu_seconds = 0.0
        self.peak_host_bytes: int | None = None
        self.peak_device_bytes: int | None = None
        self.energy_joules: float | None = None

    def look(self, elapsed_seconds: float) -> tuple[Sample, Usage]:
        """The sample of this moment, and what of it limits are about."""
        if not self._is_open:
            # Not before the first look: the driver takes its time, and the run should start meanwhile.
            self._is_open = True
            self._gpus.open()
        passed = elapsed_seconds - self._elapsed
        host = self._host.look()
        gpus = self._gpus.look(host.pids)
        device_bytes = self._gpus.held_bytes(gpus)
        watts = self._gpus.watts(gpus)
        sample = Sample(
            elapsed_seconds=elapsed_seconds,
            cpu_cores=max(0.0, host.cpu_seconds - self._cpu_seconds) / passed if passed > 0 else 0.0,
            host_bytes=host.host_bytes,
            host_available_bytes=host.available_bytes,
            disk_written_bytes=host.disk_written_bytes,
            gpus=gpus,
        )
        self._elapsed = elapsed_seconds
        self._cpu_seconds = max(self._cpu_seconds, host.cpu_seconds)
        self.peak_host_bytes = max(self.peak_host_bytes or 0, host.host_bytes)
        if device_bytes is not None:
            self.peak_device_bytes = max(self.peak_device_bytes or 0, device_bytes)
        if watts is not None:
            self.energy_joules = (self.energy_joules or 0.0) + watts * passed
        return sample, Usage(elapsed_seconds, host.host_bytes, host.disk_written_bytes, device_bytes)

    def close(self) -> None:
        """Let go of the GPUs' library."""
        self._gpus.close()
