"""What the guard is told, gathered from the monitors, the limits and the allocator inside the training process.

Invariant: pure. What is not known gives no reading.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..store.records import GpuSample, Sample
from .guard import Part, Reading
from .host import HostUse
from .limits import Usage
from .protocol import AllocatorReport, DeviceMemory, Limits

_BY_PERSON = "the limit that was set"


class Readings:
    """Puts together what one run's watcher sees; remembers what an allocator needs beyond the end of a step."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._peaks: dict[int, int] = {}
        self._excess: dict[int, int] = {}

    def of(
        self,
        sample: Sample,
        usage: Usage,
        host: HostUse,
        *,
        training_pid: int | None,
        steps: int,
        allocator: AllocatorReport | None,
    ) -> Iterator[Reading]:
        """Every resource at this moment."""
        yield from self._host(usage, host, training_pid, steps)
        devices = {} if allocator is None else dict(matched(sample.gpus, allocator.devices))
        for gpu in sample.gpus:
            yield from self._gpu(gpu, devices.get(gpu.index), steps)
        yield from self._ceiling("gpu limit", usage.device_bytes, self._limits.device_bytes, steps, {})
        if allocator is not None:
            cards = {device.index: index for index, device in devices.items()}
            for device in allocator.devices:
                card = next((gpu for gpu in sample.gpus if gpu.index == cards.get(device.index)), None)
                yield self._allocator(device, card, allocator.step)

    def _host(self, usage: Usage, host: HostUse, training_pid: int | None, steps: int) -> Iterator[Reading]:
        parts = {Part.TREE: host.host_bytes, Part.STEPS: steps}
        if training_pid is not None and training_pid in host.resident:
            parts[Part.TRAINING] = host.resident[training_pid]
        room = host.allowance
        if host.pids:
            yield Reading("host", room.left_bytes, room.limit_bytes, room.where, parts)
            yield from self._ceiling("host limit", usage.host_bytes, self._limits.host_bytes, steps, parts)

    def _ceiling(
        self, resource: str, used: int | None, allowed: int | None, steps: int, parts: dict[Part, int]
    ) -> Iterator[Reading]:
        if used is not None and allowed:
            told = parts or {Part.OURS: used, Part.STEPS: steps}
            yield Reading(resource, max(0, allowed - used), allowed, _BY_PERSON, told, is_ceiling=True)

    def _gpu(self, gpu: GpuSample, device: DeviceMemory | None, steps: int) -> Iterator[Reading]:
        if gpu.memory_used_bytes is None or not gpu.memory_total_bytes:
            return
        parts = {Part.STEPS: steps}
        if gpu.process_bytes is not None:
            parts[Part.OURS] = gpu.process_bytes
        if device is not None:
            parts |= _parts(device)
        left = max(0, gpu.memory_total_bytes - gpu.memory_used_bytes)
        retries = None if device is None else device.retries
        yield Reading(f"gpu {gpu.index}", left, gpu.memory_total_bytes, "the device", parts, retries=retries)

    def _allocator(self, device: DeviceMemory, gpu: GpuSample | None, step: int) -> Reading:
        """What a step leaves behind shows a leak that is still hidden in memory reserved long ago.

        Beyond it a step needs what it needed when it needed most.
        """
        if device.peak > self._peaks.get(device.index, 0):
            self._peaks[device.index] = device.peak
            self._excess[device.index] = max(self._excess.get(device.index, 0), device.peak - device.allocated)
        others = 0
        if gpu is not None and gpu.memory_used_bytes is not None:
            others = max(0, gpu.memory_used_bytes - device.reserved)
        left = device.total - others - device.allocated - self._excess.get(device.index, 0)
        parts = {**_parts(device), Part.STEPS: step}
        name = f"allocator {device.index}"
        return Reading(name, max(0, left), device.total, "the device", parts, retries=device.retries)


def _parts(device: DeviceMemory) -> dict[Part, int]:
    return {Part.ALLOCATED: device.allocated, Part.PEAK: device.peak, Part.RESERVED: device.reserved}


def matched(gpus: tuple[GpuSample, ...], devices: tuple[DeviceMemory, ...]) -> Iterator[tuple[int, DeviceMemory]]:
    """Which of the driver's devices is which of the script's, whose numbers may differ: by who holds memory there.

    Nothing where that does not settle it.
    """
    ours = [gpu for gpu in gpus if gpu.process_bytes] or list(gpus)
    if len(ours) == len(devices):
        for gpu, device in zip(ours, sorted(devices, key=lambda device: device.index), strict=True):
            yield gpu.index, device
