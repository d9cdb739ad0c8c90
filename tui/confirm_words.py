"""A confirmation in words: its plan before, its runs while they come, and what it allows to say. Pure.

Invariant: one sentence a line; a mean never stands without its seeds, and what was not verified is told with why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..planner.confirm.plan import Plan
from ..planner.confirm.state import Look, State, look
from ..runtime.printed import PREFIX
from ..store import Store
from ..store.confirmations import Confirmation, ConfirmationStatus, Purpose
from ..store.records import RunStatus
from .text import clean
from .units import duration, duration_interval, number

_PURPOSES: Mapping[Purpose, str] = {
    Purpose.SEED: "seed {seed}",
    Purpose.BASELINE: "baseline, seed {seed}",
    Purpose.AGAIN: "seed {seed} again, to see whether the same comes out",
    Purpose.INTERRUPTED: "seed {seed}, to be interrupted half-way",
    Purpose.RESUMED: "seed {seed}, taken up where it was interrupted",
}


def plan_lines(plan: Plan) -> Iterator[str]:
    """What a confirmation would do, what it would show, and what it costs."""
    yield clean(f"claim, fixed now: {plan.claim}")
    yield f"chosen by run {plan.chosen.id}, whose value is in no mean; configurations looked at: {plan.looked_at}"
    fresh = ", ".join(map(str, plan.seeds))
    yield clean(f"{len(plan.seeds)} fresh seeds, never used before: {fresh} ({plan.seed_flag}), each in a fresh copy")
    if plan.needed.seeds is not None:
        sides = 1 if plan.goal.against is None else 2
        cost = duration(plan.needed.seeds * sides * plan.run_seconds.mid)
        yield clean(f"to show it in four cases of five takes {plan.needed.seeds} seeds, {cost}: {plan.needed.why}")
    else:
        yield clean(f"seeds needed: {plan.needed.why}")
    if Purpose.AGAIN in plan.checks:
        yield "one more run shows whether the same seed gives the same"
    if Purpose.RESUMED in plan.checks:
        yield clean(f"one more is interrupted half-way and taken up with {plan.resume_flag}, and must give the same")
    for one in plan.unchecked:
        yield clean(f"not verified: {one}")
    for one in plan.differences:
        yield clean(f"different from run {plan.chosen.id}: {one}")
    each, whole = duration_interval(plan.run_seconds), duration_interval(plan.seconds)
    yield clean(f"{plan.runs} runs, {each} each: {whole} in all ({plan.basis})")


def run_line(look: Look, metric: str) -> str:
    """One run of a confirmation that is over."""
    told = look.told.get(metric)
    value = f" {number(told)}" if told is not None else ""
    wall = "" if look.run.wall_seconds is None else f" in {duration(look.run.wall_seconds)}"
    meant = look.repeat.purpose is Purpose.INTERRUPTED and look.run.status is RunStatus.STOPPED
    why = f", {look.run.reason}" if look.run.reason and not meant else ""
    what = purpose_words(look)
    return clean(f"run {look.run.id}, {what}: {'interrupted' if meant else look.run.status}{value}{wall}{why}")


def purpose_words(look: Look) -> str:
    """What a run is for."""
    return _PURPOSES[look.repeat.purpose].format(seed=look.repeat.seed)


def standing_line(state: State) -> str:
    """How far it is, in one line."""
    over = sum(look.is_over for look in state.looks)
    now = f", {purpose_words(state.running[0])}" if state.running else ""
    confirmation = state.confirmation
    return (
        f"confirmation {confirmation.id}: {over} runs done{now} · spent {duration(state.purse.spent)} of"
        f" {duration(confirmation.ceiling_seconds)}"
    )


def latest(store: Store, experiment_id: int) -> list[str]:
    """All there is to say of an experiment's latest confirmation; reads only."""
    found = store.confirmations.for_experiment(experiment_id)
    if not found:
        return ["there is no confirmation of this experiment"]
    state = look(store, found[-1])
    runs = [run_line(one, state.confirmation.metric) for one in state.looks if one.is_over]
    return [*result_lines(state.confirmation), standing_line(state), *runs]


def result_lines(confirmation: Confirmation) -> Iterator[str]:
    """What it came to."""
    why = f", {confirmation.why}" if confirmation.why else ""
    yield clean(f"confirmation {confirmation.id}: {confirmation.status}{why}")
    if confirmation.summary is not None and confirmation.status is not ConfirmationStatus.RUNNING:
        yield from map(clean, _summary_lines(confirmation, confirmation.summary))


def _summary_lines(confirmation: Confirmation, summary: Mapping[str, Any]) -> Iterator[str]:
    metric = confirmation.metric.removeprefix(PREFIX)
    for name in ("values", "baseline"):
        if summary[name]:
            of = "" if name == "values" else " of the baseline"
            told = ", ".join(f"{number(value)} (seed {seed})" for seed, value in summary[name].items())
            yield f"{metric}{of}: {told}"
    mean = summary["mean"]
    if mean is not None:
        yield f"mean {number(mean['mid'])} [{number(mean['low'])}–{number(mean['high'])}] at 95 %"
    if summary["chosen"] is not None:
        yield f"the run that chose it, {confirmation.chosen_run_id}, had {number(summary['chosen'])}; it is in no mean"
    for one in summary["claims"]:
        yield f"verdict: {_CLAIMS[one['kind']].format(**_names(confirmation, metric))}: {one['answer'].upper()}"
        yield from (f"  because {reason}" for reason in one["because"])
        yield from (f"  beside: {words}" for words in one["beside"])
    yield f"the metric: {summary['labels']}"
    of = "openings of these labels, this one included" if confirmation.metric.startswith("sealed/") else (
        "runs that evaluated such rows in all"
    )  # fmt: skip
    yield f"{of}: {summary['evaluations']}"
    for name, words in (("again", "the same seed again"), ("resumed", "interrupted and resumed")):
        yield f"{words}: {summary[name]['answer']}: {summary[name]['why']}"
    for one in (*confirmation.differences, *summary["packages"]):
        yield f"different from run {confirmation.chosen_run_id}: {one}"


_CLAIMS = {
    "reached": "{metric} reaches {target}",
    "better": "{metric} is better than that of run {against}",
    "holds": "{metric} of run {chosen} is what fresh seeds give",
}


def _names(confirmation: Confirmation, metric: str) -> dict[str, str]:
    target = "" if confirmation.target is None else number(confirmation.target)
    chosen, against = str(confirmation.chosen_run_id), str(confirmation.against_run_id)
    return {"metric": metric, "target": target, "against": against, "chosen": chosen}
