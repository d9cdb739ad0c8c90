"""How often the rows behind a metric were looked at while a configuration was being chosen, by the store's own count.

Invariant: what a person may have seen counts; what only a sweep saw counts where the sweep chose by these rows. Whoever
is the best of many looks at the same rows is partly lucky with the rows, which no fresh seed takes away.
"""

from __future__ import annotations

from ...store import Store
from ...store.records import Experiment, RungName
from ..verification import metric_names
from .configurations import COUNTED, configuration_of


def looked_at(store: Store, experiment: Experiment, metric: str) -> int:
    """How often a look at these rows may have chosen this configuration, before another confirmation.

    A confirmation that came before counts as one more: whoever confirms until it is good has chosen as well.
    """
    experiments = store.experiments.for_script(experiment.script)
    confirmations = (other for one in experiments for other in store.confirmations.for_experiment(one.id))
    return configurations_seen(store, experiment, metric) + sum(one.metric == metric for one in confirmations)


def configurations_seen(store: Store, experiment: Experiment, metric: str) -> int:
    """How many configurations of the script told a value of the same rows that may have chosen among them."""
    seen: set[object] = set()
    for one in store.experiments.for_script(experiment.script):
        seen |= _seen_by_a_person(store, one, metric)
        seen |= _tried_by_sweeps(store, one, metric)
    return max(1, len(seen))


def evaluations(store: Store, experiment: Experiment, metric: str) -> int:
    """How many runs of the script evaluated these rows, of whatever configuration and seed."""
    return sum(
        _tells(store, run.id, metric)
        for one in store.experiments.for_script(experiment.script)
        for run in store.runs.for_experiment(one.id)
        if run.rung in COUNTED
    )


def _seen_by_a_person(store: Store, experiment: Experiment, metric: str) -> set[object]:
    rungs = (RungName.PILOT, RungName.FULL)
    runs = (run for run in store.runs.for_experiment(experiment.id) if run.rung in rungs)
    return {configuration_of(experiment)} if any(_tells(store, run.id, metric) for run in runs) else set()


def _tried_by_sweeps(store: Store, experiment: Experiment, metric: str) -> set[object]:
    """The trials of sweeps that chose by these rows; by others they were never looked at to choose."""
    found: set[object] = set()
    for sweep in store.sweeps.for_experiment(experiment.id):
        if _rows(sweep.metric) == _rows(metric):
            trials = store.sweeps.trials(sweep.id)
            found |= {(experiment.fingerprint, *sorted(trial.parameters.items())) for trial in trials}
    return found


def _tells(store: Store, run_id: int, metric: str) -> bool:
    return any(_rows(name) == _rows(metric) for name in store.metrics.names(run_id) if metric_names.measure(name))


def _rows(metric: str) -> str | None:
    """Which rows a metric is of, as far as its name says."""
    return metric_names.split(metric)
