"""One run's memory, from its first sample to its end: feeds the guard, carries out what relieves, and keeps a record.

Invariant: nothing here waits. The record is bounded however long the run is, and spans all of it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..store.records import Json, Sample
from .guard import COLUMNS, EVENT, Guard
from .host import HostUse
from .keeper_link import KeeperLink
from .limits import Usage
from .pressure import Allowance, MemoryGroup, OomKills
from .processes import catches
from .protocol import AllocatorReport, Limits, ProbeMode
from .readings import Readings
from .recorder import Recorder
from .relief import Relief
from .tenants import Tenant, present

SET_UP_SECONDS = 600.0
"""A script that has made no step by then may never make one; what it does counts as training."""

_MOST_POINTS = 200
_MOST_WARNINGS = 10
_CLOSE_LOOK_SECONDS = 0.25


class MemoryWatch:
    """The guard, and the hands that it has in a supervisor."""

    def __init__(
        self,
        home: Path,
        limits: Limits,
        probe: ProbeMode,
        *,
        keeper: KeeperLink,
        recorder: Recorder,
        stop: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self.training_pid: int | None = None
        self._home = home
        self._probe = probe
        self._keeper = keeper
        self._recorder = recorder
        self._stop = stop
        self._group = MemoryGroup(os.getpid())
        self._kills = OomKills(self._group)
        self._guard = Guard()
        self._readings = Readings(limits)
        self._relief = Relief(self, limits.grace_seconds, clock)
        self._record = _Record()

    def look(self, sample: Sample, usage: Usage, host: HostUse) -> None:
        """Take in one sample, and do what it calls for."""
        self._take_reports(sample, host)
        if self._is_set_up(sample.elapsed_seconds):
            self._guard_it(sample, usage, host)

    def _is_set_up(self, seconds: float) -> bool:
        """Whether the training has begun. Before, imports and data sets grow, and there is nothing to save yet.

        Without the probe nobody tells, and all growth counts.
        """
        return self._recorder.steps > 0 or self._probe is ProbeMode.OFF or seconds >= SET_UP_SECONDS

    def _guard_it(self, sample: Sample, usage: Usage, host: HostUse) -> None:
        readings = self._readings.of(
            sample,
            usage,
            host,
            training_pid=self.training_pid,
            steps=self._recorder.steps,
            allocator=self._record.allocator,
        )
        alarms = self._guard.look(sample.elapsed_seconds, readings)
        self._relief.see_to(alarms)
        self._relief.see_who_rests(self._guard, sample.elapsed_seconds)

    def _take_reports(self, sample: Sample, host: HostUse) -> None:
        """Into the record: what the probe said since the last look, or else the look itself."""
        reports = self._recorder.allocators
        if not reports:
            training = host.resident.get(self.training_pid) if self.training_pid is not None else None
            self._record.add(sample, self._recorder.steps, training)
        while reports:
            report = reports.popleft()
            self._record.allocator = report
            self._record.add(sample, report.step, report.resident_bytes)
        self._record.room = host.allowance

    def pause(self, usual: float) -> float:
        """How long to wait for the next look."""
        return min(usual, _CLOSE_LOOK_SECONDS) if self._guard.should_look_closely else usual

    @property
    def kills(self) -> int:
        """How many processes the kernel has killed for want of memory since the run began."""
        return self._kills.count()

    @property
    def limit_bytes(self) -> int | None:
        """What the control group may use, where it is limited."""
        room = self._group.allowance()
        return None if room is None else room.limit_bytes

    def report(self) -> Json:
        """The record, at the end."""
        return {
            **self._record.as_data(),
            "kills": self.kills,
            "kills_of_group": self._kills.of_group,
            "group_limit_bytes": self.limit_bytes,
        }

    # --- actions ----------------------------------------------------------------------------------------------------

    def tell(self, **data: Any) -> None:
        """Append the event."""
        if data["level"] == "warning":
            self._record.warnings.append(data)
            data["stalled_share"] = self._group.stalled_share()
        self._recorder.event(EVENT, **data)

    def tenants(self) -> tuple[Tenant, ...]:
        """Our own processes beside the training."""
        return present(self._home)

    def ask_to_save(self) -> bool:
        """SIGUSR1, which would end a script that does not catch it."""
        if self.training_pid is None or not catches(self.training_pid, signal.SIGUSR1):
            return False
        self._keeper.save()
        return True

    def can_save_at_the_end(self) -> bool:
        """Whether SIGTERM finds a handler."""
        return self.training_pid is not None and catches(self.training_pid, signal.SIGTERM)

    def stop(self, reason: str) -> None:
        """As at a ceiling."""
        self._stop(reason)


class _Record:
    """Memory over the run in at most some hundred points, and what was warned of."""

    def __init__(self) -> None:
        self.allocator: AllocatorReport | None = None
        self.room: Allowance | None = None
        self.warnings: list[dict[str, Any]] = []
        self._points: list[list[float | None]] = []
        self._every = 1
        self._seen = 0

    def add(self, sample: Sample, step: int, training_bytes: int | None) -> None:
        self._seen += 1
        if self._seen % self._every:
            return
        devices = None if self.allocator is None else self.allocator.devices
        allocated = sum(device.allocated for device in devices) if devices else None
        reserved = sum(device.reserved for device in devices) if devices else None
        seconds = round(sample.elapsed_seconds, 2)
        self._points.append([seconds, step, sample.host_bytes, training_bytes, allocated, reserved])
        if len(self._points) > _MOST_POINTS:
            self._points = self._points[1::2]
            self._every *= 2

    def as_data(self) -> dict[str, Any]:
        devices = () if self.allocator is None else self.allocator.devices
        return {
            "columns": COLUMNS,
            "points": self._points,
            "warnings": self.warnings[-_MOST_WARNINGS:],
            "devices": [asdict(device) for device in devices],
            "host": None if self.room is None else asdict(self.room),
        }
