"""What the GPUs do, through NVML.

Invariant: nothing here fails a run. No library, no driver or no device means no samples; a value that the driver does
not tell is ``None``, and so is what a run's processes hold when the driver cannot be asked for them (in a container it
may list none, or pids of another namespace).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..store.records import GpuSample
from .demo_gpu import LIBRARY_VARIABLE
from .gpu_use import Reading
from .processes import started_at

_LIBRARY = "libnvidia-ml.so.1"
_DEVICE_NODES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""A machine with one of these has a GPU, although NVML may not be there to tell of it."""
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Device:
    index: int
    handle: Any
    name: str


class GpuMonitor:
    """Every GPU of the machine, held open for the length of a run."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._devices: tuple[_Device, ...] = ()
        self._baselines: dict[int, int] = {}
        self._without_counter: set[int] = set()
        self.count: int | None = None
        """How many GPUs there are; ``None`` where a GPU may be there and nobody tells."""

    def open(self) -> None:
        """Find the devices; finding none is fine."""
        self.count = None if _may_have_gpus() else 0
        try:
            # Looked for first, because most machines have none and the binding is a large module.
            ctypes.CDLL(os.environ.get(LIBRARY_VARIABLE, _LIBRARY))
            import pynvml
        except (OSError, ImportError):
            return
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:
            return
        self._nvml = pynvml
        self.count = self._ask(pynvml.nvmlDeviceGetCount)
        found = [self._device(index) for index in range(self.count or 0)]
        self._devices = tuple(device for device in found if device is not None)

    def look(self, pids: Set[int]) -> tuple[GpuSample, ...]:
        """One sample of every device; ``pids`` are the run's own processes."""
        return tuple(self._sample(device, pids) for device in self._devices)

    def held_bytes(self, samples: tuple[GpuSample, ...]) -> int | None:
        """Device memory that the run holds, on all devices together.

        Where the driver does not list the run's processes, what a device's use has grown since the start counts.
        """
        held = [self._held(sample) for sample in samples]
        known = [size for size in held if size is not None]
        return sum(known) if known else None

    def readings(self, samples: tuple[GpuSample, ...]) -> tuple[Reading, ...]:
        """What of the samples tells the run's use of the GPUs, with their energy counters."""
        handles = {device.index: device.handle for device in self._devices}
        held = [(sample, self._held(sample)) for sample in samples]
        return tuple(
            Reading(
                index=sample.index,
                is_held=None if size is None else size > 0,
                counter_joules=self._counter_joules(sample.index, handles[sample.index]),
                watts=sample.power_watts,
            )
            for sample, size in held
        )

    def close(self) -> None:
        """Let go of the library."""
        if self._nvml is not None:
            self._ask(self._nvml.nvmlShutdown)

    def _held(self, sample: GpuSample) -> int | None:
        if sample.process_bytes is not None:
            return sample.process_bytes
        if sample.memory_used_bytes is None:
            return None
        baseline = self._baselines.setdefault(sample.index, sample.memory_used_bytes)
        return max(0, sample.memory_used_bytes - baseline)

    def _device(self, index: int) -> _Device | None:
        handle = self._ask(self._nvml.nvmlDeviceGetHandleByIndex, index)
        if handle is None:
            return None
        name = self._ask(self._nvml.nvmlDeviceGetName, handle)
        if isinstance(name, bytes):
            name = name.decode(errors="replace")
        return _Device(index, handle, name or "GPU")

    def _sample(self, device: _Device, pids: Set[int]) -> GpuSample:
        nvml, handle = self._nvml, device.handle
        memory = self._ask(nvml.nvmlDeviceGetMemoryInfo, handle)
        use = self._ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        milliwatts = self._ask(nvml.nvmlDeviceGetPowerUsage, handle)
        sample = GpuSample(
            index=device.index,
            name=device.name,
            memory_used_bytes=None if memory is None else int(memory.used),
            memory_total_bytes=None if memory is None else int(memory.total),
            utilisation=None if use is None else use.gpu / 100,
            power_watts=None if milliwatts is None else milliwatts / 1000,
            temperature_celsius=self._ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
            process_bytes=self._process_bytes(handle, pids),
        )
        if sample.memory_used_bytes is not None:
            self._baselines.setdefault(device.index, sample.memory_used_bytes)
        return sample

    def _process_bytes(self, handle: Any, pids: Set[int]) -> int | None:
        processes = self._ask(self._nvml.nvmlDeviceGetComputeRunningProcesses, handle)
        if not processes:
            return None
        ours = [process.usedGpuMemory for process in processes if process.pid in pids]
        if ours:
            return None if None in ours else sum(ours)
        # Pids that are not there belong to another namespace: any of them may be ours.
        return 0 if all(started_at(process.pid) is not None for process in processes) else None

    def _counter_joules(self, index: int, handle: Any) -> float | None:
        """What the device has taken since the driver was loaded; a device without a counter is asked once."""
        if index in self._without_counter:
            return None
        try:
            return float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1000
        except (self._nvml.NVMLError_NotSupported, self._nvml.NVMLError_FunctionNotFound):
            self._without_counter.add(index)
            return None
        except self._nvml.NVMLError:
            return None

    def _ask(self, function: Callable[..., Value], *arguments: Any) -> Value | None:
        try:
            return function(*arguments)
        except self._nvml.NVMLError:
            return None


def _may_have_gpus() -> bool:
    """Whether there may be GPUs that NVML does not tell of: another maker's, or a container without the library."""
    return not sys.platform.startswith("linux") or any(Path(node).exists() for node in _DEVICE_NODES)
