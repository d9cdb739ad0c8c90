"""The ladder as everyone sees it: one frozen value that the screens, the plain text and the JSON all render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..runtime.budgets import Account
from ..runtime.room import Room
from ..store.records import Acceptance, Experiment, Finding, Forecast, Interval, Run, RungName, RungStatus
from .moves import Move


@dataclass(frozen=True, slots=True)
class RungView:
    """One line of the ladder."""

    name: RungName
    status: RungStatus
    forecast: Forecast | None
    """The latest forecast of this rung's cost; ``None`` before there is one."""
    actual_seconds: float | None
    shows: str
    """What climbing it has shown, or would show."""
    why: str | None
    run: Run | None
    reforecast: Interval | None
    """Seconds that the run under way will take in all, as its own progress tells."""
    findings: int
    """Errors and warnings found on this rung."""


@dataclass(frozen=True, slots=True)
class LadderView:
    """Everything there is to say about one experiment now."""

    experiment: Experiment
    target: RungName
    """How far the person asked to climb."""
    rungs: tuple[RungView, ...]
    findings: tuple[Finding, ...]
    verified: tuple[str, ...]
    not_verified: tuple[str, ...]
    budgets: tuple[Account, ...]
    """Time, GPU-hours, energy and money: what is spent of each, and of how much, where there is a budget."""
    move: Move
    accepted: Mapping[int, Acceptance] = field(default_factory=dict)
    """Why a person takes a finding as it is, by the finding's id."""
    follows_brief: bool = False
    """Whether it was written from a paper or a task."""
    room: Room | None = None
    """Free memory, where the move asks for an approval."""
