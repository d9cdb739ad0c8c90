"""A confirmation as it stands, read from the store: its runs with what they told, and what is spent.

Invariant: everything is derived from records, so that it is the same after any process was killed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ...runtime.budgets import committed_by
from ...runtime.printed import PREFIX
from ...store import Store
from ...store.confirmations import Confirmation, Purpose, Repeat
from ...store.records import Experiment, Run, RunStatus
from ..sweep.budget import Purse
from ..verification import opened


@dataclass(frozen=True, slots=True)
class Look:
    """One run of a confirmation, with the last value of each metric that it printed."""

    repeat: Repeat
    run: Run
    told: Mapping[str, float]

    @property
    def is_over(self) -> bool:
        """Whether its run has ended."""
        return self.run.status.is_over

    @property
    def counts(self) -> bool:
        """Whether it is an attempt: a run that was lost said nothing."""
        return self.run.status is not RunStatus.LOST


@dataclass(frozen=True)
class State:
    """Everything that is known of a confirmation now."""

    confirmation: Confirmation
    experiment: Experiment
    baseline: Experiment | None
    looks: tuple[Look, ...]

    @property
    def running(self) -> tuple[Look, ...]:
        """The runs under way."""
        return tuple(look for look in self.looks if not look.is_over)

    @cached_property
    def purse(self) -> Purse:
        """What is spent, held and left."""
        over = sum(committed_by(look.run) for look in self.looks if look.is_over)
        held = sum(committed_by(look.run) for look in self.running)
        return Purse(self.confirmation.ceiling_seconds, over, held)

    def of(self, purpose: Purpose, seed: int) -> tuple[Look, ...]:
        """All runs for a purpose and a seed, those that were lost included."""
        return tuple(one for one in self.looks if one.repeat.purpose is purpose and one.repeat.seed == seed)

    def done(self, purpose: Purpose, seed: int) -> Look | None:
        """The finished run for a purpose and a seed."""
        return next((one for one in self.of(purpose, seed) if one.run.status is RunStatus.DONE), None)

    def values(self, purpose: Purpose) -> dict[int, float]:
        """The metric by seed, of the runs that finished and told it."""
        found = {}
        for seed in self.confirmation.seeds:
            look = self.done(purpose, seed)
            if look is not None and self.confirmation.metric in look.told:
                found[seed] = look.told[self.confirmation.metric]
        return found


def look(store: Store, confirmation: Confirmation) -> State:
    """Read how a confirmation stands."""
    baseline = None
    if confirmation.against_run_id is not None:
        baseline = store.experiments.get(store.runs.get(confirmation.against_run_id).experiment_id)
    looks = []
    for repeat in store.confirmations.repeats(confirmation.id):
        last = store.metrics.last(repeat.run_id)
        told = {name: one.value for name, one in last.items() if name.startswith(PREFIX)}
        run = store.runs.get(repeat.run_id)
        sealed = opened.told(store, run, confirmation.metric)
        looks.append(Look(repeat, run, told if sealed is None else {**told, confirmation.metric: sealed}))
    return State(confirmation, store.experiments.get(confirmation.experiment_id), baseline, tuple(looks))
