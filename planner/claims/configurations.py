"""Which runs are repetitions of one configuration, and how many configurations were tried.

Invariant: the store's own count, of everything that was started; two command lines that differ in the seed alone are
one configuration.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...store import Store
from ...store.confirmations import Purpose
from ...store.records import Experiment, Run, RungName

SEEDS = ("seed", "random-seed", "random-state", "manual-seed", "rng-seed")
COUNTED = (RungName.PILOT, RungName.SWEEP, RungName.FULL, RungName.CONFIRM)
"""Whoever looked at a pilot's metric has tried its configuration."""
RESULTS = (RungName.FULL, RungName.CONFIRM)
"""The runs whose last values are results."""
_NAME = re.compile(r"-{0,2}(?P<name>[A-Za-z][\w.-]*)(?:=(?P<value>.*))?")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What two runs have in common when only the seed differs."""

    script: str
    module: str | None
    working_dir: str
    fingerprint: str
    args: tuple[str, ...]


def split_seed(args: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    """The arguments without the seed, and the seed: of ``--seed 3``, ``--seed=3`` and ``seed=3``."""
    left: list[str] = []
    seed: str | None = None
    words = iter(args)
    for word in words:
        found = _NAME.fullmatch(word)
        name = found["name"].lower().replace("_", "-") if found else ""
        if found is None or name not in SEEDS or not (word.startswith("-") or found["value"] is not None):
            left.append(word)
        else:
            seed = found["value"] if found["value"] is not None else next(words, None)
    return tuple(left), seed


def configuration_of(experiment: Experiment) -> Configuration:
    """An experiment's configuration."""
    args, _ = split_seed(experiment.args)
    return Configuration(
        str(experiment.script), experiment.module, str(experiment.working_dir), experiment.fingerprint, args
    )


def repetitions(store: Store, experiment: Experiment) -> tuple[tuple[Experiment, Run], ...]:
    """All result runs of the same configuration, those that failed included, oldest first."""
    wanted = configuration_of(experiment)
    same = [one for one in store.experiments.for_script(experiment.script) if configuration_of(one) == wanted]
    found = [(one, run) for one in same for run in store.runs.for_experiment(one.id) if _is_result(store, run)]
    return tuple(sorted(found, key=lambda pair: pair[1].id))


def _is_result(store: Store, run: Run) -> bool:
    """Of a confirmation's runs those with the configuration itself are; a baseline is another one."""
    if run.rung is not RungName.CONFIRM:
        return run.rung in RESULTS
    repeat = store.confirmations.repeat_of_run(run.id)
    return repeat is None or repeat.purpose is Purpose.SEED


def seed_of(store: Store, experiment: Experiment, run: Run) -> str | None:
    """The seed that a run was given; ``None`` where none is named on its command line."""
    repeat = store.confirmations.repeat_of_run(run.id) if run.rung is RungName.CONFIRM else None
    return split_seed(experiment.args)[1] if repeat is None else str(repeat.seed)


def count_configurations(store: Store, experiment: Experiment) -> int:
    """How many configurations of a script were started on a rung that shows results; at least one."""
    tried = {
        configuration_of(one)
        for one in store.experiments.for_script(experiment.script)
        if any(run.rung in COUNTED for run in store.runs.for_experiment(one.id))
    }
    return max(1, len(tried))
