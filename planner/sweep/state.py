"""A sweep as it stands, read from the store: its trials with their runs and curves, what it spent, what is best.

Invariant: everything is derived from records, so that it is the same after any process was killed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...runtime.budgets import committed_by
from ...store import Store
from ...store.records import Json, Run, Sweep, Trial, TrialState
from .budget import Purse
from .halving import LEAST_REPORTS, Shortening
from .metric import plain
from .space import Length, Parameter, Value, Values, from_json

GIVEN, PROPOSED, LONGER, SEED, AGAIN = "given", "proposed", "longer", "seed", "again"
"""Where the values of a trial come from."""


@dataclass(frozen=True, slots=True)
class Look:
    """One trial with its run, and the metric as it was reported so far."""

    trial: Trial
    run: Run
    curve: tuple[float, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it ran to the end of a full training, and has a value."""
        return self.trial.state is TrialState.COMPLETE and self.trial.length is None and self.trial.value is not None

    @property
    def is_fresh_seed(self) -> bool:
        """Whether it came after the choice, so that its value was not chosen by."""
        return self.trial.seed is not None


@dataclass(frozen=True)
class State:
    """Everything that is known of a sweep now."""

    sweep: Sweep
    looks: tuple[Look, ...]

    @cached_property
    def space(self) -> tuple[Parameter, ...]:
        """What is searched over."""
        return tuple(map(from_json, self.sweep.space))

    @cached_property
    def length(self) -> Length | None:
        """The script's own argument for its length."""
        return None if self.sweep.length is None else Length(**self.sweep.length)

    @property
    def purse(self) -> Purse:
        """What is spent, held and left."""
        over = [look.run for look in self.looks if look.run.status.is_over]
        under_way = [look.run for look in self.looks if not look.run.status.is_over]
        return Purse(self.sweep.ceiling_seconds, sum(map(committed_by, over)), sum(map(committed_by, under_way)))

    @property
    def running(self) -> tuple[Look, ...]:
        """The trials under way."""
        return tuple(look for look in self.looks if not look.trial.state.is_over)

    @cached_property
    def shortening(self) -> Shortening | None:
        """How trials are kept short, as the first whole training told; ``None`` before it has ended."""
        first = next((look for look in self.looks if look.is_whole), None)
        if first is None:
            return None
        if len(first.curve) >= LEAST_REPORTS:
            return Shortening.CURVE
        return Shortening.LENGTH if self.length is not None and self.length.full >= LEAST_REPORTS else Shortening.NONE

    @property
    def most(self) -> int:
        """How long a whole training is, as :attr:`shortening` counts."""
        if self.shortening is Shortening.LENGTH and self.length is not None:
            return self.length.full
        return max((len(look.curve) for look in self.looks if look.is_whole), default=1)

    def share(self, look: Look) -> float:
        """How much of a whole training a trial has run."""
        if look.trial.length is not None and self.length is not None:
            return look.trial.length / self.length.full
        if look.trial.state is TrialState.PRUNED and self.shortening is Shortening.CURVE:
            return len(look.curve) / self.most
        return 1.0

    def better(self, one: float, other: float) -> bool:
        """Whether a value is better than another."""
        return one > other if self.sweep.maximise else one < other

    @property
    def chosen_from(self) -> tuple[Look, ...]:
        """The whole trainings that the best is chosen from: values with fresh seeds come after the choice."""
        return tuple(look for look in self.looks if look.is_whole and not look.is_fresh_seed)

    @property
    def best(self) -> Look | None:
        """The best whole training."""
        whole = self.chosen_from
        if not whole:
            return None
        pick = max if self.sweep.maximise else min
        return pick(whole, key=lambda look: look.trial.value or 0.0)

    @property
    def baseline(self) -> Look | None:
        """The script as it is by itself."""
        return next((look for look in self.chosen_from if look.trial.origin == GIVEN), None)

    @property
    def looked_at(self) -> int:
        """How many configurations were looked at, in whole or in part."""
        return len({key(look.trial.parameters) for look in self.looks if look.trial.state is not TrialState.LOST})

    def seeds_of(self, parameters: Json) -> dict[int, float]:
        """The values of a configuration by fresh seed."""
        return {
            look.trial.seed: look.trial.value
            for look in self.looks
            if look.is_whole and look.trial.seed is not None and look.trial.value is not None
            and key(look.trial.parameters) == key(parameters)
        }  # fmt: skip


def key(values: Values | Json) -> tuple[tuple[str, Value], ...]:
    """A configuration as something to compare."""
    return tuple(sorted(values.items()))


def look(store: Store, sweep: Sweep) -> State:
    """Read how a sweep stands."""
    looks = []
    for trial in store.sweeps.trials(sweep.id):
        looks.append(Look(trial, store.runs.get(trial.run_id), curve_of(store, trial.run_id, sweep.metric)))
    return State(sweep, tuple(looks))


def curve_of(store: Store, run_id: int, metric: str) -> tuple[float, ...]:
    """The metric of a run in the order in which it was reported; empty where it was not."""
    name = next((one for one in store.metrics.names(run_id) if plain(one) == metric), None)
    return () if name is None else tuple(one.value for one in store.metrics.series(run_id, name))


def is_finite(values: Sequence[float]) -> bool:
    """Whether all of a curve are numbers."""
    return all(map(math.isfinite, values))
