"""What a sweep allows to say: the best with its noise, which parameters matter, what more would bring.

Invariant: made from the state alone, kept with the sweep, and rendered by every face. What cannot be told is ``None``,
and ``open`` says why.
"""

from __future__ import annotations

from typing import Any

from ...store.records import Interval, Json, TrialState
from .. import noise
from .advice import advise
from .director import cost_model, observations, search
from .importance import LEAST_TRIALS, importances
from .space import default_values
from .state import Look, State, key


def summarise(state: State) -> Json:
    """The summary as one JSON object."""
    floor = noise.floor(_groups(state))
    best, baseline = state.best, state.baseline
    compared = _compare(state, best, baseline)
    seen = observations(state)
    importance = importances(search(state), seen) if seen else None
    purse = state.purse
    whole = cost_model(state).predict(default_values(state.space))
    left_trials = int(purse.left / whole.mid) if whole.mid > 0 else 0
    advice = advise(_bests(state), parameters=len(state.space), floor=floor, left_trials=left_trials)
    luck = None if floor is None else noise.luck_of_the_best(state.looked_at, floor.deviation)
    return {
        "counts": {str(one): sum(look.trial.state is one for look in state.looks) for one in TrialState},
        "looked_at": state.looked_at,
        "shortening": state.shortening,
        "best": _told(best, state),
        "baseline": _told(baseline, state),
        "noise": None if floor is None else {"deviation": floor.deviation, "freedom": floor.freedom},
        "luck": luck,
        "comparison": compared,
        "seeds_for_claim": _seeds_for_claim(compared, floor, whole),
        "importance": importance,
        "advice": None if advice is None else {"stop": advice.stop, "words": advice.words},
        "spent_seconds": purse.spent,
        "left_seconds": purse.left,
        "open": _open(state, floor, importance),
    }


def _groups(state: State) -> list[list[float]]:
    """The values of each configuration with each of its seeds."""
    groups: dict[object, list[float]] = {}
    for look in state.looks:
        if look.is_whole and look.trial.value is not None:
            groups.setdefault(key(look.trial.parameters), []).append(look.trial.value)
    return list(groups.values())


def _bests(state: State) -> list[float]:
    """The best value after each configuration that was looked at, higher is better."""
    sign = 1.0 if state.sweep.maximise else -1.0
    found: list[float] = []
    for look in state.looks:
        if look.is_fresh_seed or not look.trial.state.is_over or look.trial.state is TrialState.LOST:
            continue
        now = sign * look.trial.value if look.is_whole and look.trial.value is not None else None
        before = found[-1] if found else None
        if before is not None or now is not None:
            found.append(max(one for one in (before, now) if one is not None))
    return found


def _told(look: Look | None, state: State) -> dict[str, Any] | None:
    if look is None:
        return None
    seeds = state.seeds_of(look.trial.parameters)
    interval = noise.mean_interval(list(seeds.values()))
    return {
        "number": look.trial.number,
        "run": look.trial.run_id,
        "parameters": dict(look.trial.parameters),
        "value": look.trial.value,
        "fresh": None if interval is None else _numbers(interval),
        "seeds": sorted(seeds),
    }


def _compare(state: State, best: Look | None, baseline: Look | None) -> dict[str, Any] | None:
    """The best against the script's own configuration, by the seeds that came after the choice."""
    if best is None or baseline is None or key(best.trial.parameters) == key(baseline.trial.parameters):
        return None
    told = noise.compare(
        state.seeds_of(best.trial.parameters),
        state.seeds_of(baseline.trial.parameters),
        maximise=state.sweep.maximise,
    )
    return {
        "verdict": told.verdict,
        "gain": None if told.gain is None else _numbers(told.gain),
        "chance": told.chance,
        "seeds": told.seeds,
        "why": told.why,
    }


def _seeds_for_claim(compared: dict[str, Any] | None, floor: noise.Floor | None, whole: Interval) -> Json | None:
    """What it would take to call the gain that was seen better, where it is not."""
    if compared is None or floor is None or compared["verdict"] == noise.Verdict.BETTER or compared["gain"] is None:
        return None
    gain = compared["gain"]["mid"]
    count = noise.seeds_needed(floor.deviation, gain)
    return {"gain": gain, "seeds": count, "seconds": None if count is None else 2 * count * whole.mid}


def _open(state: State, floor: noise.Floor | None, importance: dict[str, float] | None) -> list[str]:
    found = []
    if state.sweep.seed_flag is None:
        found.append("noise: the script has no option for its seed")
    elif floor is None:
        found.append("noise: no configuration ran with several seeds that differ")
    if importance is None:
        found.append(f"importance: fewer than {LEAST_TRIALS} trials reached the same length")
    if state.sweep.insisted:
        found.append(f"result: chosen by {state.sweep.metric}, so that its value is no unbiased result")
    return found


def _numbers(interval: Interval) -> dict[str, float]:
    return {"low": interval.low, "mid": interval.mid, "high": interval.high}
