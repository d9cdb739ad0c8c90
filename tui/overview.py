"""What can be gone on with: every recent experiment with where it stands, in a few words."""

from __future__ import annotations

from dataclasses import dataclass

from ..planner.ladder import next_move
from ..planner.moves import Ask, Blocked, Reached, RunRung, Wait
from ..planner.rungs import FACTS
from ..store import Store
from ..store.records import Experiment, Forecast, Run, RungName, RungStatus

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
    match next_move(rungs, RungName.FULL, _forecasts(store, experiment)):
        case Ask(rung=rung):
            return Open(experiment, f"? {rung} asks you", "accent", at, is_urgent=True)
        case Blocked(rung=rung) if rungs[rung].status is RungStatus.STOPPED:
            return Open(experiment, f"■ {rung} stopped", "warn", at)
        case Blocked(rung=rung):
            return Open(experiment, f"✗ {rung} failed", "bad", at)
        case Reached():
            return Open(experiment, "✓ full run passed", "good", at)
        case RunRung(rung=rung) | Wait(rung=rung):
            return Open(experiment, f"· {rung} comes next", "muted", at)


def _forecasts(store: Store, experiment: Experiment) -> dict[RungName, Forecast]:
    """The latest forecast of each rung that costs."""
    latest = {name: store.forecasts.latest(experiment.id, name) for name in RungName if FACTS[name].costs}
    return {name: forecast for name, forecast in latest.items() if forecast is not None}
