"""What a run may use, and when it has used too much. Pure: it is given the figures, and stops nothing itself.

Invariant: each limit is warned of at most once and is over at most once, in that order. An unknown figure passes no
limit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from .budgets import WORDS, Unit, amount
from .protocol import Limits

WARN_AT = 0.9


class Level(StrEnum):
    """How far a run has gone towards a limit."""

    WARNING = "warning"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run has used so far; ``None`` is unknown."""

    wall_seconds: float
    host_bytes: int | None = None
    disk_bytes: int | None = None
    device_bytes: int | None = None
    gpu_seconds: float | None = None
    energy_joules: float | None = None
    usd: float | None = None
    """What it has cost at least."""


_NAMES = tuple(field.name for field in fields(Usage))


@dataclass(frozen=True, slots=True)
class Passed:
    """A limit that a run came close to, or went over."""

    name: str
    level: Level
    used: float
    allowed: float

    @property
    def words(self) -> str:
        """For a person."""
        if self.name == "wall_seconds":
            return f"ceiling: {self.allowed:g} s of time"
        if self.name in tuple(Unit):
            unit = Unit(self.name)
            used, left = amount(unit, self.used), amount(unit, self.allowed)
            return f"ceiling: {used} used, {left} were left of the budget in {WORDS[unit]}"
        what = {"host_bytes": "of memory", "disk_bytes": "written to disk", "device_bytes": "of GPU memory"}[self.name]
        return f"ceiling: {size_words(self.used)} {what}, {size_words(self.allowed)} allowed"


class Watch:
    """Compares usage with the limits of one run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._told: set[tuple[str, Level]] = set()

    def check(self, usage: Usage) -> tuple[Passed, ...]:
        """What has been passed since the last look."""
        news: list[Passed] = []
        for name in _NAMES:
            used, allowed = getattr(usage, name), getattr(self._limits, name)
            if used is None or allowed is None:
                continue
            if used >= allowed:
                self._tell(news, Passed(name, Level.OVER, used, allowed))
            elif used >= WARN_AT * allowed:
                self._tell(news, Passed(name, Level.WARNING, used, allowed))
        return tuple(news)

    def allow(self, limits: Limits) -> None:
        """Compare with other limits from now on; a limit that was raised may be warned of again."""
        raised = {name for name in _NAMES if getattr(limits, name) != getattr(self._limits, name)}
        self._limits = limits
        self._told = {(name, level) for name, level in self._told if name not in raised}

    def _tell(self, news: list[Passed], passed: Passed) -> None:
        key = (passed.name, passed.level)
        if key in self._told or (passed.name, Level.OVER) in self._told:
            return
        self._told.add(key)
        news.append(passed)


def size_words(count: float) -> str:
    """An amount of bytes in three digits: ``512 MiB``, ``21 GiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} TiB"
