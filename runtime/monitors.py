"""One look at everything a run uses: processes, machine and GPUs, with what it adds up to over the run.

Invariant: looking never fails. Peaks and sums cover every look so far.
"""

from __future__ import annotations

from ..store.records import Json, Sample
from ..store.runs import RunChanges
from .gpu_use import GpuUse
from .host import HostMonitor, HostUse
from .limits import Usage
from .money import cost_usd, least_cost_usd
from .nvml import GpuMonitor


class Monitors:
    """The monitors of one run."""

    def __init__(
        self, keeper_pid: int, *, usd_per_hour: float | None = None, usd_per_kwh: float | None = None
    ) -> None:
        self._host = HostMonitor(keeper_pid)
        self._gpus = GpuMonitor()
        self._use = GpuUse()
        self._prices = {"usd_per_hour": usd_per_hour, "usd_per_kwh": usd_per_kwh}
        self._is_open = False
        self._elapsed = 0.0
        self._cpu_seconds = 0.0
        self.host: HostUse | None = None
        """What the last look saw of the host."""
        self.peak_host_bytes: int | None = None
        self.peak_device_bytes: int | None = None

    def look(self, elapsed_seconds: float) -> tuple[Sample, Usage]:
        """The sample of this moment, and what of it limits are about."""
        self._open()
        passed = elapsed_seconds - self._elapsed
        host = self.host = self._host.look()
        gpus = self._gpus.look(host.pids)
        device_bytes = self._gpus.held_bytes(gpus)
        self._use.look(elapsed_seconds, self._gpus.readings(gpus))
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
        usage = Usage(
            elapsed_seconds,
            host.host_bytes,
            host.disk_written_bytes,
            device_bytes,
            gpu_seconds=self._gpu_seconds,
            energy_joules=self._use.energy_joules,
            usd=least_cost_usd(elapsed_seconds, self._use.energy_joules, **self._prices),
        )
        return sample, usage

    def spent(self, elapsed_seconds: float) -> RunChanges:
        """What the run has cost so far, as its record has it."""
        joules = self._use.energy_joules
        return {
            "gpu_seconds": self._gpu_seconds,
            "energy_joules": joules,
            "usd": cost_usd(elapsed_seconds, joules, **self._prices),
        }

    @property
    def gpu_use(self) -> Json | None:
        """How the GPUs were used and measured; ``None`` where the run used none."""
        if not self._use.held_seconds:
            return None
        return {"seconds": self._use.held_seconds, "energy_source": self._use.energy_source}

    @property
    def _gpu_seconds(self) -> float | None:
        return 0.0 if self._gpus.count == 0 else self._use.gpu_seconds

    def _open(self) -> None:
        # Not before the first look: the driver takes its time, and the run should start meanwhile.
        if not self._is_open:
            self._is_open = True
            self._gpus.open()

    def close(self, elapsed_seconds: float | None = None) -> None:
        """Let go of the GPUs' library. What they took since the last look, until the end, is counted before."""
        if elapsed_seconds is not None:
            self._open()
            self._use.look(elapsed_seconds, self._gpus.readings(self._gpus.look(frozenset())))
        self._gpus.close()
