"""The ladder as a state machine: from the rungs as they stand to the one move that comes next.

Invariant: a rung that costs is never a free move, whatever stands on the other rungs; an unknown cost asks like a
known one; and while an error stands that nobody accepted, nothing that costs is asked for. A sweep is on nobody's way:
the full run neither needs it nor waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..store.records import Finding, Forecast, Rung, RungName, RungStatus
from .moves import Ask, Blocked, Move, Reached, RunRung, Wait
from .rungs import BUILT, FACTS, NOT_BUILT_WHY, OPTIONAL, as_built, rungs_up_to

PLANNED_APART = "it has a plan of its own: mlintern sweep names what to search over"
"""Why no climb comes to an optional rung by itself."""


def next_move(
    rungs: Mapping[RungName, Rung],
    target: RungName,
    forecasts: Mapping[RungName, Forecast],
    standing: Sequence[Finding] = (),
) -> Move:
    """What can happen next on the way to ``target``. ``forecasts`` holds the latest forecast of each costly rung;
    ``standing`` are the errors that keep everything that costs from being asked for.
    """
    if target not in BUILT:
        return Blocked(target, NOT_BUILT_WHY)
    if target in OPTIONAL:
        return Blocked(target, PLANNED_APART)
    rungs = as_built(rungs)
    for name in rungs_up_to(target):
        if name not in BUILT or name in OPTIONAL:
            continue
        move = _move_on(rungs[name], forecasts)
        if isinstance(move, Ask) and standing:
            return Blocked(name, _must_be_mended(standing))
        if move is not None:
            return move
    return Reached(target)


def _move_on(rung: Rung, forecasts: Mapping[RungName, Forecast]) -> Move | None:
    """The move that this rung calls for; ``None`` when it is behind us."""
    match rung.status:
        case RungStatus.PASSED | RungStatus.SKIPPED:
            return None
        case RungStatus.RUNNING:
            return Wait(rung.name, rung.run_id) if rung.run_id is not None else RunRung(rung.name)
        case RungStatus.FAILED:
            return Blocked(rung.name, rung.why or "failed")
        case RungStatus.STOPPED if not FACTS[rung.name].costs:
            return Blocked(rung.name, rung.why or "stopped")
        case _:
            return _ask(rung, forecasts) if FACTS[rung.name].costs else RunRung(rung.name)


def _must_be_mended(standing: Sequence[Finding]) -> str:
    if len(standing) == 1:
        return f"{standing[0].code} stands: mend it, or accept it with a reason"
    return f"{len(standing)} findings at level error stand: mend them, or accept each with a reason"


def _ask(rung: Rung, forecasts: Mapping[RungName, Forecast]) -> Move:
    forecast = forecasts.get(rung.name)
    if forecast is None:
        return Blocked(rung.name, "there is no forecast of its cost, and nothing to make one from")
    return Ask(rung.name, forecast, FACTS[rung.name].verifies, _why(rung, forecast))


def _why(rung: Rung, forecast: Forecast) -> str:
    if rung.status is RungStatus.STOPPED:
        return rung.why or "it was stopped"
    if forecast.seconds is None:
        return "its cost is unknown"
    return "it costs"
