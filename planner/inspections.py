"""What the inspection of an experiment's code said of its hyperparameters, found again in the event log.

Invariant: the latest inspection of the experiment is the one that counts.
"""

from __future__ import annotations

from pathlib import Path

from ..store import Store
from ..store.records import Experiment, Json
from .provenance import Hyperparameter, table
from .stated import stated

INSPECTED = "code.inspected"


def told(report: Json, folder: Path) -> list[Json]:
    """What is kept with the event: the report's hyperparameters, and those that the script's folder states."""
    return [*stated(folder), *report.get("hyperparameters", ())]


def inspected(store: Store, experiment: Experiment) -> tuple[Hyperparameter, ...] | None:
    """The table of an experiment's hyperparameters; ``None`` where its code was not inspected."""
    report: Json | None = None
    after = 0
    while events := store.events.after(after, experiment_id=experiment.id):
        after = events[-1].id
        report = next((event.data for event in reversed(events) if event.kind == INSPECTED), report)
    if report is None:
        return None
    folder = f"{experiment.working_dir}/"
    files: set[str] = {entry["file"] for entry in report.get("hyperparameters", ())}
    return table(report, experiment.args, shown={file: file.removeprefix(folder) for file in files})


def hyperparameters(store: Store, experiment: Experiment) -> tuple[Hyperparameter, ...]:
    """The same table; empty where the code was not inspected."""
    return inspected(store, experiment) or ()
