"""What a sweep does next: which trial to start, and which of those under way to end.

Invariant: a pure function of the state. The script's own configuration comes first, then what was lost, then what was
begun short and belongs to the best, then what the search proposes, and in the end fresh seeds of the best and of the
script's own. Nothing is proposed that what is left does not cover.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...store.records import Interval, TrialState
from . import halving
from .budget import kept_for_seeds
from .cost import CostModel
from .halving import Shortening
from .space import Values, default_values
from .state import AGAIN, GIVEN, LONGER, PROPOSED, SEED, Look, State, key
from .study import Ending, Observation, Search

FIRST_SEED = 101
"""Fresh seeds count from here, so that they are none that a script has by itself."""

MOST_LOSSES = 2
"""A configuration whose run was lost so often is left alone."""

_RETRIES = 5


@dataclass(frozen=True, slots=True)
class Next:
    """A trial to start."""

    values: Values
    origin: str
    length: int | None
    seed: int | None
    forecast: Interval
    ceiling_seconds: float


@dataclass(frozen=True, slots=True)
class Nothing:
    """No trial starts now; ``why`` says whether that may change."""

    why: str
    is_final: bool


def next_trial(state: State) -> Next | Nothing:
    """The trial to start now."""
    return _Director(state).next()


def why_behind(state: State, look: Look) -> str | None:
    """Why a trial under way is not worth its end; ``None`` lets it go on."""
    if state.shortening is not Shortening.CURVE or look.is_fresh_seed or look.trial.origin == GIVEN:
        return None
    level = halving.level_reached(len(look.curve), halving.levels(state.most))
    if level is None:
        return None
    others = [one.curve[level - 1] for one in state.looks if one is not look and len(one.curve) >= level
              and not one.is_fresh_seed]  # fmt: skip
    if halving.goes_on(look.curve[level - 1], others, maximise=state.sweep.maximise):
        return None
    return f"behind: {look.curve[level - 1]:.4g} at report {level} of {state.most}, among {len(others) + 1} trials"


def observations(state: State) -> list[Observation]:
    """What came of each configuration, as the search learns from it; of one that ran several times, the longest."""
    found: dict[object, tuple[float, Observation]] = {}
    for look in state.looks:
        if look.is_fresh_seed or not look.trial.state.is_over or look.trial.state is TrialState.LOST:
            continue
        place = key(look.trial.parameters)
        share = state.share(look)
        if place not in found or found[place][0] <= share:
            before = found[place][1].curve if place in found and state.shortening is Shortening.LENGTH else {}
            found[place] = (share, _observation(state, look, dict(before)))
    return [one for _, one in found.values()]


def _observation(state: State, look: Look, before: dict[int, float]) -> Observation:
    if look.trial.state in (TrialState.INFEASIBLE, TrialState.FAILED):
        return Observation(look.trial.parameters, Ending.INFEASIBLE, {})
    if state.shortening is Shortening.CURVE:
        curve = dict(enumerate(look.curve, start=1))
    elif look.trial.value is not None:
        curve = before | {look.trial.length or state.most: look.trial.value}
    else:
        curve = before
    return Observation(look.trial.parameters, Ending.COMPLETE if look.is_whole else Ending.PRUNED, curve)


def cost_model(state: State) -> CostModel:
    """What trials will take, with what they have taken."""
    costs = CostModel(state.space, state.sweep.trial_seconds, state.sweep.setup_seconds)
    for look in state.looks:
        if look.trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and look.trial.cost_seconds:
            costs.learn(look.trial.parameters, state.share(look), look.trial.cost_seconds)
    return costs


def search(state: State) -> Search:
    """The search with all that it may learn."""
    costs = cost_model(state)
    seed = 1000 * state.sweep.id + len(state.looks)
    found = Search(state.space, maximise=state.sweep.maximise, seed=seed, cost=lambda values: costs.predict(values).mid)
    found.learn(observations(state))
    for look in state.running:
        found.running(look.trial.parameters)
    return found


class _Director:
    def __init__(self, state: State) -> None:
        self._state = state
        self._costs = cost_model(state)
        self._purse = state.purse
        sweep = state.sweep
        seeds = sweep.seeds if sweep.seed_flag is not None else 0
        self._keep = kept_for_seeds(self._costs.predict(default_values(state.space)), seeds, sweep.ceiling_seconds)

    def next(self) -> Next | Nothing:
        if not any(look.trial.origin in (GIVEN, AGAIN) for look in self._state.looks):
            return self._first()
        for step in (self._again, self._longer, self._proposed):
            found = step()
            if found is not None:
                return found
        if any(not look.is_fresh_seed for look in self._state.running):
            return Nothing("the last trials of the search are under way", is_final=False)
        return self._seed() or Nothing("what is left covers no further trial", is_final=not self._state.running)

    def _first(self) -> Next | Nothing:
        found = self._made(default_values(self._state.space), GIVEN)
        return found or Nothing("what is left does not cover the script's own configuration", is_final=True)

    def _again(self) -> Next | None:
        """A configuration whose run was lost, and that has not been tried again."""
        for look in self._state.looks:
            if look.trial.state is not TrialState.LOST:
                continue
            same = [one for one in self._state.looks if _same(one, look)]
            if all(one.trial.state is TrialState.LOST for one in same) and len(same) < MOST_LOSSES:
                trial = look.trial
                origin = trial.origin if trial.origin == GIVEN else AGAIN
                return self._made(trial.parameters, origin, length=trial.length, seed=trial.seed)
        return None

    def _longer(self) -> Next | None:
        if self._state.shortening is not Shortening.LENGTH or self._state.length is None:
            return None
        full = self._state.length.full
        finished: dict[int, dict[str, float]] = {}
        by_key = {}
        for look in self._state.looks:
            trial = look.trial
            if look.is_fresh_seed or trial.state is TrialState.LOST:
                continue
            name = repr(key(trial.parameters))
            by_key[name] = trial.parameters
            at = finished.setdefault(trial.length or full, {})
            # One under way stands at its level already, so that it is not begun twice; it never ranks before others.
            worst = float("-inf") if self._state.sweep.maximise else float("inf")
            at[name] = worst if trial.value is None else trial.value
        found = halving.to_promote(finished, full=full, maximise=self._state.sweep.maximise)
        if found is None:
            return None
        name, level = found
        above = next((one for one in (*halving.levels(full), full) if one > level), full)
        return self._made(by_key[name], LONGER, length=None if above == full else above, keep=self._keep)

    def _proposed(self) -> Next | None:
        state = self._state
        if state.shortening is None and state.running:
            return None  # how trials are kept short is known when the first has ended
        length = None
        if state.shortening is Shortening.LENGTH and state.length is not None:
            length = halving.levels(state.length.full)[0]
        proposals = search(state)
        for _ in range(_RETRIES):
            values = proposals.propose()
            if values is None:
                return None
            found = self._made(values, PROPOSED, length=length, keep=self._keep)
            if found is not None:
                return found
        return None

    def _seed(self) -> Next | None:
        best, baseline = self._state.best, self._state.baseline
        if self._state.sweep.seed_flag is None or best is None or baseline is None:
            return None
        for seed in range(FIRST_SEED, FIRST_SEED + self._state.sweep.seeds):
            for one in _distinct(best, baseline):
                tried = any(
                    look.trial.seed == seed
                    and key(look.trial.parameters) == key(one.trial.parameters)
                    and look.trial.state is not TrialState.LOST
                    for look in self._state.looks
                )
                if not tried:
                    return self._made(one.trial.parameters, SEED, seed=seed)
        return None

    def _made(
        self, values: Values, origin: str, *, length: int | None = None, seed: int | None = None, keep: float = 0.0
    ) -> Next | None:
        """The trial, where what is left covers it."""
        share = 1.0
        if length is not None and self._state.length is not None:
            share = length / self._state.length.full
        forecast = self._costs.predict(values, share)
        if not self._purse.covers(forecast, keep=keep):
            return None
        ceiling = self._purse.ceiling_of(forecast, keep=keep)
        return Next(dict(values), origin, length, seed, forecast, ceiling)


def _distinct(best: Look, baseline: Look) -> Iterator[Look]:
    yield best
    if key(best.trial.parameters) != key(baseline.trial.parameters):
        yield baseline


def _same(one: Look, other: Look) -> bool:
    a, b = one.trial, other.trial
    return (key(a.parameters), a.length, a.seed) == (key(b.parameters), b.length, b.seed)
