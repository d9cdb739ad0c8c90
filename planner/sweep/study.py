"""The search itself: which configuration to try next, given what the others came to.

Invariant: all there is to know is in the observations; the Optuna study lives in memory and is made again from them, so
that nothing is lost with a process and nothing is kept twice. A region where runs ended out of memory or not a number
is a constraint, never a bad value. The same configuration is not proposed twice.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from .space import Parameter, Value, Values

STARTUP = 8
"""So many configurations are drawn at random before the model of the space is asked."""

DRAWS = 3
"""Of so many configurations that look best to the model, the cheapest is taken."""

_MOST_TRIES = 12


class Ending(StrEnum):
    """How a trial ended, as far as the search is concerned."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a configuration came to."""

    values: Values
    ending: Ending
    curve: Mapping[int, float]
    """The metric by how far the training was, as :mod:`.halving` counts; of a complete one the last is its value."""


class Search:
    """Multivariate TPE over a space; it proposes, and learns from what it is told."""

    def __init__(
        self,
        space: Sequence[Parameter],
        *,
        maximise: bool,
        seed: int,
        cost: Callable[[Values], float] | None = None,
        startup: int = STARTUP,
        draws: int = DRAWS,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = tuple(space)
        self._distributions = {one.name: _distribution(one) for one in self._space}
        self._cost = cost
        self._draws = draws
        self._startup = startup
        self._seen: set[tuple[Value, ...]] = set()
        self._seen_inside: set[tuple[Value, ...]] = set()
        self._learned = 0
        with warnings.catch_warnings():
            # Told once a process that this is experimental in parts; what is used here is not.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._sampler = optuna.samplers.TPESampler(
                n_startup_trials=startup, multivariate=True, constant_liar=True, seed=seed
            )
        self._random = optuna.samplers.RandomSampler(seed=seed)
        self._study = optuna.create_study(sampler=self._sampler, direction="maximize" if maximise else "minimize")

    def learn(self, observations: Iterable[Observation]) -> None:
        """Take in what came of trials. What lies outside of the space teaches nothing about it."""
        for one in observations:
            self._see(one.values)
            if self._is_inside(one.values):
                self._study.add_trial(self._frozen(one))
                self._learned += 1

    def running(self, values: Values) -> None:
        """Keep in mind that a configuration is being tried, so that no other worker tries the same."""
        self._see(values)

    def propose(self) -> dict[str, Value] | None:
        """The next configuration; ``None`` where every one that there is has been tried."""
        if self._is_exhausted:
            return None
        found: list[dict[str, Value]] = []
        for _ in range(_MOST_TRIES):
            values = self._draw(at_random=False)
            if self._key(values) not in self._seen and values not in found:
                found.append(values)
            if len(found) >= (self._draws if self._is_warm else 1):
                break
        while not found:
            # The model comes back to what was tried: anything new says more.
            values = self._draw(at_random=True)
            found = [values] if self._key(values) not in self._seen else []
        chosen = min(found, key=self._cost) if self._cost is not None else found[0]
        self._see(chosen)
        return chosen

    def frozen_at(self, one: Observation, level: int) -> optuna.trial.FrozenTrial | None:
        """A trial as complete, with the value that it had at a level; ``None`` where it lies outside of the space."""
        if not self._is_inside(one.values):
            return None
        return self._frozen(Observation(one.values, Ending.COMPLETE, {level: one.curve[level]}))

    @property
    def study(self) -> optuna.Study:
        """For importances."""
        return self._study

    def _see(self, values: Values) -> None:
        self._seen.add(self._key(values))
        if self._is_inside(values):
            self._seen_inside.add(self._key(values))

    def _is_inside(self, values: Values) -> bool:
        return all(parameter.holds(values.get(parameter.name)) for parameter in self._space)

    @property
    def _is_warm(self) -> bool:
        return self._learned >= self._startup

    @property
    def _is_exhausted(self) -> bool:
        """Whether every configuration of a finite space has been seen."""
        sizes = [_size(parameter) for parameter in self._space]
        whole = math.prod(size for size in sizes if size is not None)
        return None not in sizes and len(self._seen_inside) >= whole

    def _draw(self, *, at_random: bool) -> dict[str, Value]:
        self._study.sampler = self._random if at_random else self._sampler
        trial = self._study.ask(self._distributions)
        # Not tried yet, and maybe never: what comes of it is told by learn(). The search forgets failed trials.
        self._study.tell(trial, state=TrialState.FAIL)
        return {
            one.name: one.choices[trial.params[one.name]] if _is_ordered(one) else trial.params[one.name]
            for one in self._space
        }

    def _frozen(self, one: Observation) -> optuna.trial.FrozenTrial:
        infeasible = one.ending is Ending.INFEASIBLE
        complete = one.ending is Ending.COMPLETE and bool(one.curve)
        return optuna.trial.create_trial(
            state=TrialState.COMPLETE if complete else TrialState.PRUNED,
            value=one.curve[max(one.curve)] if complete else None,
            params={parameter.name: _coded(parameter, one.values[parameter.name]) for parameter in self._space},
            distributions=self._distributions,
            intermediate_values=dict(one.curve),
            constraints={"infeasible": 1.0 if infeasible else 0.0},
        )

    def _key(self, values: Values) -> tuple[Value, ...]:
        return tuple(values.get(parameter.name, "") for parameter in self._space)


def _size(parameter: Parameter) -> int | None:
    """How many values there are; ``None`` for a continuous range."""
    if parameter.kind == "choice":
        return len(parameter.choices)
    if parameter.kind == "int" and parameter.low is not None and parameter.high is not None:
        return int(parameter.high) - int(parameter.low) + 1
    return None


def _is_ordered(parameter: Parameter) -> bool:
    """Whether choices are numbers: those near each other then say something about each other."""
    return parameter.kind == "choice" and all(isinstance(one, (int, float)) for one in parameter.choices)


def _coded(parameter: Parameter, value: Value) -> Value:
    return parameter.choices.index(value) if _is_ordered(parameter) else value


def _distribution(parameter: Parameter) -> BaseDistribution:
    if _is_ordered(parameter):
        return IntDistribution(0, len(parameter.choices) - 1)
    if parameter.kind == "choice":
        return CategoricalDistribution(parameter.choices)
    assert parameter.low is not None and parameter.high is not None
    if parameter.kind == "int":
        return IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log)
    return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
