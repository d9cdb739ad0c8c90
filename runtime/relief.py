"""What is done when memory runs out, in order: say it, ask our own processes to leave, let the script save, stop it.

Invariant: a warning alone stops nothing, and each thing is done once. Our own tenants leave before the training is
touched. The training is stopped only where it would be killed within the time that it needs to save, or where that
spares the machine; a limit that a person set is left to those who watch the limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from .guard import Alarm, Guard
from .tenants import Tenant
from .trend import Level

SAVE_SECONDS = 60.0
"""How long before the end, beyond the grace period, the script is told to save."""

MARGIN_SECONDS = 3.0
LEAVE_SECONDS = 3.0
"""How long our own processes may take to leave before anything else is done."""


class Actions(Protocol):
    """What the supervisor can do."""

    def tell(self, **data: Any) -> None:
        """Append a ``run.memory`` event."""

    def tenants(self) -> tuple[Tenant, ...]:
        """Our own processes beside the training."""

    def ask_to_save(self) -> bool:
        """Send the training process SIGUSR1, if it catches it; says whether."""

    def can_save_at_the_end(self) -> bool:
        """Whether the training process catches SIGTERM."""

    def stop(self, reason: str) -> None:
        """SIGTERM, the grace period, SIGKILL."""


@dataclass(slots=True)
class Relief:
    """One run's, from its first alarm to its end."""

    actions: Actions
    grace_seconds: float
    clock: Callable[[], float]
    _told: dict[str, Level] = field(default_factory=dict)
    _asked: set[int] = field(default_factory=set)
    _leaving_until: float = float("-inf")
    _is_saving: bool = False
    _is_stopping: bool = False

    def see_to(self, alarms: tuple[Alarm, ...]) -> None:
        """Do what these alarms call for."""
        for alarm in alarms:
            self._warn(alarm)
            self._make_tenants_leave(alarm)
            self._let_save(alarm)
            self._stop(alarm)

    def see_who_rests(self, guard: Guard, seconds: float) -> None:
        """What was warned of and grows no more is said to be over."""
        for resource in [name for name in self._told if guard.is_at_rest(name, seconds)]:
            del self._told[resource]
            self.actions.tell(level="eased", resource=resource, words=f"{resource}: memory does not grow any more")

    def _warn(self, alarm: Alarm) -> None:
        resource, level = alarm.reading.resource, alarm.growth.level
        if level > self._told.get(resource, Level.NONE):
            self._told[resource] = level
            self.actions.tell(level="warning", **alarm.as_data())

    def _make_tenants_leave(self, alarm: Alarm) -> None:
        if alarm.reading.is_ceiling:
            return
        for tenant in self.actions.tenants():
            holds = tenant.host_bytes if alarm.reading.is_host else tenant.device_bytes
            if holds and tenant.pid not in self._asked and tenant.ask_to_leave():
                self._asked.add(tenant.pid)
                self._leaving_until = self.clock() + LEAVE_SECONDS
                words = f"{tenant.what} (process {tenant.pid}) was asked to leave, so that the training has its memory"
                self.actions.tell(level="leaving", resource=alarm.reading.resource, words=words)

    def _let_save(self, alarm: Alarm) -> None:
        left = alarm.growth.seconds_left
        if self._is_saving or left is None or left > SAVE_SECONDS + self.grace_seconds or self._waits:
            return
        if self.actions.ask_to_save():
            self._is_saving = True
            words = "the script was told to save (SIGUSR1)"
            self.actions.tell(level="saving", resource=alarm.reading.resource, words=words)

    def _stop(self, alarm: Alarm) -> None:
        if self._is_stopping or alarm.reading.is_ceiling or self._waits:
            return
        saves = self.actions.can_save_at_the_end()
        if not saves and not alarm.reading.is_host:
            return  # an exception of its own harms nobody else, and may be caught
        if alarm.is_imminent((self.grace_seconds if saves else 0.0) + MARGIN_SECONDS):
            self._is_stopping = True
            self.actions.stop(f"memory: stopped before it ran out: {alarm.words}")

    @property
    def _waits(self) -> bool:
        """Whether someone is about to leave, which may be enough."""
        return self.clock() < self._leaving_until
