"""What can be gone on with: every recent experiment with where it stands, in a few words."""

from __future__ import annotations

from dataclasses import dataclass

from ..store import Store
from ..store.records import Experiment, Run, RungName, RungStatus

MOST_EXPERIMENTS = 50


@dataclass(frozen=True, slots=True)
class Open:
    """One experiment to go on with."""

    experiment: Experiment
    words: str
    """A sign and a few words."""
    ink: str
    at: float
    is_urgent: bool = False
    """Whether something is going on, or waits for an answer."""


def open_experiments(store: Store) -> tuple[Open, ...]:
    """What is going on or waits for an answer first, then the rest, newest first."""
    live = {run.experiment_id: run for run in store.runs.unfinished()}
    recent = store.experiments.recent(MOST_EXPERIMENTS)
    items = [_open(store, experiment, live.get(experiment.id)) for experiment in recent]
    return tuple(sorted(items, key=lambda item: (not item.is_urgent, -item.at)))


def _open(store: Store, experiment: Experiment, run: Run | None) -> Open:
    if run is not None:
        done = f" {100 * run.steps // run.planned_steps} %" if run.steps and run.planned_steps else ""
        at = run.started_at or run.created_at
        return Open(experiment, f"» {run.rung} is running{done}", "accent", at, is_urgent=True)
    rungs = store.rungs.all(experiment.id)
    at = max([experiment.created_at, *(rung.updated_at for rung in rungs.values())])
    for rung in rungs.values():
        match rung.status:
            case RungStatus.WAITING:
                return Open(experiment, f"? {rung.name} asks you", "accent", at, is_urgent=True)
            case RungStatus.FAILED:
                return Open(experiment, f"✗ {rung.name} failed", "bad", at)
            case RungStatus.STOPPED:
                return Open(experiment, f"■ {rung.name} stopped", "warn", at)
    passed = [rung for rung in rungs.values() if rung.status is RungStatus.PASSED]
    if not passed:
        return Open(experiment, "· not climbed yet", "muted", at)
    top = passed[-1]
    words = "✓ full run passed" if top.name is RungName.FULL else f"✓ {top.name} passed"
    return Open(experiment, words, "good", at)
