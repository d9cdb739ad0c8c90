"""What the screens need from the rest: an engine that climbs one experiment's ladder, and the machine around it.

Invariant: the screens know nothing but these protocols and the store's records; whoever satisfies them can be shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, cast

from ..planner.confirm.wanted import Wanted
from ..planner.view import LadderView
from ..store import Store
from ..store.experiments import ExperimentChanges
from ..store.records import Experiment, Run, RungName
from .machine import MachineFact


@dataclass(frozen=True, slots=True)
class Limits:
    """What a person may tell about an experiment besides the script; ``None`` is left as it is.

    The fields are those of :class:`~mlintern.store.records.Experiment`.
    """

    declared_steps: int | None = None
    budget_seconds: float | None = None
    host_limit_bytes: int | None = None
    disk_limit_bytes: int | None = None
    device_limit_bytes: int | None = None
    budget_gpu_seconds: float | None = None
    budget_joules: float | None = None
    budget_usd: float | None = None

    def changes(self, experiment: Experiment) -> ExperimentChanges:
        """What is told here and is not so yet."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        return cast(ExperimentChanges, {k: v for k, v in told.items() if v != getattr(experiment, k)})


NOTHING_SAID = Limits()


@dataclass(frozen=True, slots=True)
class Target:
    """What a person asked to climb: a script, or an experiment that is already known."""

    script: Path
    args: tuple[str, ...] = ()
    """The script's own arguments, as for the full run."""
    limits: Limits = NOTHING_SAID
    experiment_id: int | None = None
    """A known experiment, taken up as it stands; ``None`` is the script as it is now."""
    climbs: bool = True
    """Whether to go on with the rungs that need no approval, or only to look."""
    ranks: int | None = None
    """How many processes a distributed script has, where the person says so."""
    fresh: bool = False
    """Whether to climb from the first rung again although this very experiment is known."""

    @classmethod
    def of(cls, experiment: Experiment, *, climbs: bool) -> Target:
        """A known experiment."""
        return cls(experiment.script, experiment.args, experiment_id=experiment.id, climbs=climbs)


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper or a task that a person named: its checklist comes first, and its experiment is climbed then."""

    path: Path
    args: tuple[str, ...] = ()
    """The arguments of the training script that will be written."""
    limits: Limits = NOTHING_SAID


class Engine(Protocol):
    """One experiment on its ladder. It belongs to the thread and the store that it was opened with."""

    @property
    def experiment(self) -> Experiment:
        """What climbs."""
        ...

    def settle(self) -> bool:
        """Turn runs that ended into rungs, findings and forecasts; whether anything changed. May be called any time."""
        ...

    def aim(self, to: RungName, wanted: Wanted | None = None) -> None:
        """How far to climb, to the full run unless told; and what a confirmation is to show."""
        ...

    def view(self) -> LadderView:
        """Everything there is to say now."""
        ...

    def is_stale(self) -> bool:
        """Whether the script's code has changed since this climb began: then nothing of it starts."""
        ...

    def start(self, rung: RungName, *, ceiling_seconds: float | None = None) -> Run | None:
        """Climb a rung that needs no approval; ``None`` where it was done on the spot."""
        ...

    def approve(self, rung: RungName, *, ceiling_seconds: float, by: str, forecast_id: int | None = None) -> Run:
        """Record an approval of what was shown, and start what it allows."""
        ...

    def decline(self, rung: RungName, reason: str | None, *, by: str) -> object:
        """Record a no."""
        ...

    def accept(self, finding_id: int, reason: str, *, by: str) -> object:
        """Record that a person takes a finding as it is, and why."""
        ...

    def withdraw(self, finding_id: int, *, by: str) -> object:
        """Take an acceptance back."""
        ...

    def change_limits(self, limits: Limits) -> object:
        """Take over what the person tells about the whole run."""
        ...


class Backend(Protocol):
    """How the application reaches the store, the engine and the runs. Everything but the paths may be slow."""

    @property
    def home(self) -> Path:
        """Where everything is kept."""
        ...

    @property
    def python(self) -> Path | None:
        """The interpreter that the person named for scripts; ``None`` lets the engine find one."""
        ...

    def open_store(self) -> Store:
        """A connection for the calling thread."""
        ...

    def open_engine(self, store: Store, target: Target) -> Engine:
        """The engine of one experiment, for the calling thread."""
        ...

    def machine(self) -> tuple[MachineFact, ...]:
        """What this machine has."""
        ...

    def extend(self, store: Store, run_id: int, ceiling_seconds: float) -> object:
        """Allow a run under way to take so much time in all; raises with why where that cannot be."""
        ...

    def stop(self, store: Store, run_id: int) -> object:
        """Ask a run's supervisor to stop it."""
        ...

    def go_on(self, store: Store, sweep_id: int) -> object:
        """Start a conductor for a sweep whose own was killed; nothing where one lives or the sweep is over."""
        ...

    def reconcile(self, store: Store) -> object:
        """Record the truth about runs whose supervisor is gone."""
        ...
