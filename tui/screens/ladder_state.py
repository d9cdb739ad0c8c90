"""What is going on on the ladder now, in one sentence: pure, from what the climber knows."""

from __future__ import annotations

from ...planner.moves import Ask, Blocked, Reached, RunRung, Wait
from ...planner.view import LadderView
from ...store.records import RungName, RungStatus
from ..climber import Climber
from ..extension import asks_for_more
from ..units import duration

State = list[tuple[str, str, str]]
"""A sign, its ink, the sentence; nothing where the question says it all."""


def ladder_state(climber: Climber, now: float, *, is_asked: bool) -> State:
    """What to say above the findings."""
    if climber.busy:
        since = now - climber.busy_since
        return [("»", "accent", f"{climber.busy}… {duration(since) if since >= 1 else ''}")]
    if climber.trouble:
        return [("✗", "bad", climber.trouble)]
    if climber.view is None:
        return [("·", "muted", "nothing in hand: start something on Home (1)")]
    if climber.is_stale:
        name = climber.view.experiment.script.name
        return [("!", "warn", f"{name} changed since this climb: r climbs it as it is now")]
    return _move_state(climber.view, climber.declined, is_asked=is_asked)


def has_result(view: LadderView) -> bool:
    """Whether a full run is done that a paper's number may be held against."""
    full = next((rung for rung in view.rungs if rung.name is RungName.FULL), None)
    return view.follows_brief and full is not None and full.status is RungStatus.PASSED


def _needs(view: LadderView, run_id: int) -> str | None:
    """The question of a run under way that will need more than was approved."""
    asked = (asks_for_more(rung.run, rung.reforecast) for rung in view.rungs if rung.run and rung.run.id == run_id)
    return next(asked, None)


def _move_state(view: LadderView, declined: int | None, *, is_asked: bool) -> State:
    match view.move:
        case RunRung(rung=rung):
            return [("·", "muted", f"{rung} comes next: c climbs on")]
        case Ask() if is_asked:
            return []
        case Ask(rung=rung, forecast=forecast) if forecast.id == declined:
            return [("–", "muted", f"{rung}: you said no; d asks again")]
        case Ask(rung=rung):
            return [("?", "accent", f"{rung} asks you: d shows the question")]
        case Wait(run_id=run_id) if needs := _needs(view, run_id):
            return [("?", "warn", f"{needs}: w watches it, and e there allows more; x stops it")]
        case Wait(run_id=run_id, rung=rung):
            return [("»", "accent", f"run {run_id} climbs {rung}: w watches it, x stops it")]
        case Blocked(rung=rung, why=why):
            return [("■", "warn", f"{rung}: {why}. r climbs again")]
        case Reached(rung=rung):
            beyond = "; t holds the result against the paper" if has_result(view) else ""
            return [("✓", "good", f"{rung} is passed: as far as was asked{beyond}")]
    return []
