"""The other runs of a script: all of its results, and all that did not finish. None is left out because it was bad."""

from __future__ import annotations

from ...store import Store
from ...store.records import Experiment, Run, RunStatus
from ..claims.configurations import COUNTED


def all_runs(store: Store, experiment: Experiment) -> tuple[tuple[Experiment, Run], ...]:
    """Every run of the script that is over, whatever its arguments and code, oldest first."""
    found = [
        (one, run)
        for one in store.experiments.for_script(experiment.script)
        for run in store.runs.for_experiment(one.id)
        if run.status.is_over
    ]
    return tuple(sorted(found, key=lambda pair: pair[1].id))


def unfinished(store: Store, experiment: Experiment) -> tuple[tuple[Experiment, Run], ...]:
    """Those that failed, were stopped or were lost, on any rung."""
    return tuple(pair for pair in all_runs(store, experiment) if pair[1].status is not RunStatus.DONE)


def results(store: Store, experiment: Experiment) -> tuple[tuple[Experiment, Run], ...]:
    """Those that finished on a rung whose metrics are results, good or bad."""
    done = (pair for pair in all_runs(store, experiment) if pair[1].status is RunStatus.DONE)
    return tuple(pair for pair in done if pair[1].rung in COUNTED)
