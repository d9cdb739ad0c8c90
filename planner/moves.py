"""What can happen next on the ladder. A move is a value; making one starts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..store.records import Forecast, RungName


@dataclass(frozen=True, slots=True)
class RunRung:
    """A rung that needs no approval may start now."""

    rung: RungName


@dataclass(frozen=True, slots=True)
class Ask:
    """A person must decide; ``forecast`` is what to show, and its id is stored with the decision."""

    rung: RungName
    forecast: Forecast
    verifies: tuple[str, ...]
    """What climbing this rung would verify."""
    why: str
    """Why it asks: a cost, an unknown cost, a passed ceiling, a changed script."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A run of this rung is under way."""

    rung: RungName
    run_id: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """The ladder cannot go on until the person changes something."""

    rung: RungName
    why: str


@dataclass(frozen=True, slots=True)
class Reached:
    """The rung that was asked for has been passed."""

    rung: RungName


Move: TypeAlias = RunRung | Ask | Wait | Blocked | Reached
