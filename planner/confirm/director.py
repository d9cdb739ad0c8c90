"""Which run of a confirmation comes next, and when one is to be interrupted. Pure.

Invariant: a seed that ran is not run again because its value was bad: only a run that was lost, of which nothing is
known, is. A run starts only where what is left of the ceiling covers its forecast.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...runtime.options import with_values
from ...store.confirmations import Purpose
from ...store.records import RunStatus
from .state import Look, State

MOST_LOSSES = 3
"""How often a run is tried of which a process was killed."""
_MOST_FAILURES = 2
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Next:
    """A run to begin."""

    purpose: Purpose
    seed: int
    args: tuple[str, ...]
    ceiling_seconds: float
    in_copy_of: int | None = None
    """The run in whose copy it goes on; ``None`` is a copy of its own."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No run to begin now."""

    why: str
    has_failed: bool = False
    is_whole: bool = True
    """Whether all that was planned has run."""


def next_run(state: State) -> Next | Nothing:
    """What comes next, where no run is under way."""
    failed = [one for one in state.looks if one.repeat.purpose is Purpose.SEED and one.run.status is RunStatus.FAILED]
    own = [one for one in state.looks if one.repeat.purpose is Purpose.SEED and one.counts]
    if len(failed) == len(own) >= _MOST_FAILURES:
        return Nothing(f"every run failed, at last: {failed[-1].run.reason}", has_failed=True)
    for purpose, seed in _wanted(state):
        before = state.of(purpose, seed)
        if any(one.counts for one in before):
            continue
        if len(before) >= MOST_LOSSES:
            return Nothing(f"run {before[-1].run.id} was lost again: {before[-1].run.reason}", has_failed=True)
        return _made(state, purpose, seed)
    return Nothing("all that was planned has run")


def is_to_be_interrupted(state: State, look: Look) -> bool:
    """Whether a run that is to be interrupted has come half as far as the same seed's whole run."""
    if look.repeat.purpose is not Purpose.INTERRUPTED or look.run.status is not RunStatus.RUNNING:
        return False
    whole = state.done(Purpose.SEED, look.repeat.seed)
    return whole is not None and whole.run.steps is not None and (look.run.steps or 0) >= _HALF * whole.run.steps


def command_line(state: State, purpose: Purpose, seed: int) -> tuple[str, ...]:
    """The script's arguments for a run: those of its side, with the seed in the place of its own."""
    side = state.baseline if purpose is Purpose.BASELINE and state.baseline is not None else state.experiment
    args = with_values(side.args, {state.confirmation.seed_flag: str(seed)})
    flag = state.confirmation.resume_flag
    return (*args, flag) if purpose is Purpose.RESUMED and flag is not None else args


def _wanted(state: State) -> Iterator[tuple[Purpose, int]]:
    """Everything that is to run, in order: what decides the claim comes before the checks."""
    confirmation = state.confirmation
    for seed in confirmation.seeds:
        yield Purpose.SEED, seed
        if state.baseline is not None:
            yield Purpose.BASELINE, seed
    first = next((seed for seed in confirmation.seeds if state.done(Purpose.SEED, seed) is not None), None)
    if first is None:
        return
    if Purpose.AGAIN in confirmation.checks:
        yield Purpose.AGAIN, first
    whole = state.done(Purpose.SEED, first)
    if Purpose.RESUMED in confirmation.checks and whole is not None and whole.run.steps:
        yield Purpose.INTERRUPTED, first
        if _interrupted(state, first) is not None:
            yield Purpose.RESUMED, first


def _interrupted(state: State, seed: int) -> Look | None:
    """The run that was stopped on its way, as it was meant to be."""
    return next((one for one in state.of(Purpose.INTERRUPTED, seed) if one.run.status is RunStatus.STOPPED), None)


def _made(state: State, purpose: Purpose, seed: int) -> Next | Nothing:
    forecast = state.confirmation.run_seconds
    if not state.purse.covers(forecast):
        return Nothing(
            f"what is left of the approved {state.purse.ceiling:.0f} s does not cover another run", is_whole=False
        )
    interrupted = _interrupted(state, seed) if purpose is Purpose.RESUMED else None
    return Next(
        purpose,
        seed,
        command_line(state, purpose, seed),
        state.purse.ceiling_of(forecast),
        None if interrupted is None else interrupted.run.id,
    )
