"""A sweep in words: its plan before, its trials while they come, and what it allows to say. Pure.

Invariant: one sentence a line; a best value never stands without its noise, or without why that is unknown.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ..planner.sweep.plan import Plan
from ..planner.sweep.space import arguments, from_json
from ..runtime.options import with_values
from ..store.records import Experiment, Interval, Sweep, SweepStatus, Trial, TrialState
from .text import clean
from .units import duration, duration_interval, number


def plan_lines(plan: Plan) -> Iterator[str]:
    """What the sweep would do, and what it costs."""
    for one in plan.space:
        now = "" if one.default is None else f", now {value(one.default)}"
        yield clean(f"search over {one.words}{now} ({one.why})")
    yield clean(f"compare by {plan.objective.words}")
    if plan.objective.note:
        yield clean(f"note: {plan.objective.note}")
    yield f"a trial takes {duration_interval(plan.whole)} when it is not stopped early"
    least, most = plan.trials
    yield (
        f"budget {duration(plan.budget_seconds)}: {least} configurations in full, or up to some {most} when those"
        " behind are stopped early; the script's own comes first"
    )
    if plan.seed_flag is None:
        yield "noise: unknown, because the script has no option for its seed; then no difference is called better"
    elif plan.seeds:
        yield clean(
            f"noise: {plan.seeds} fresh seeds each of the best and of the script's own ({plan.seed_flag}), for which"
            f" {duration(plan.seeds_seconds)} are kept"
        )
    else:
        yield "noise: unknown with --seeds 0; then no difference is called better"


def trial_line(trial: Trial) -> str:
    """One trial that is over, or under way."""
    words = [f"trial {trial.number}"]
    if trial.seed is not None:
        words.append(f"seed {trial.seed}")
    if trial.length is not None:
        words.append(f"length {trial.length}")
    head = ", ".join(words)
    told = f" {number(trial.value)}" if trial.value is not None else ""
    cost = "" if trial.cost_seconds is None else f" in {duration(trial.cost_seconds)}"
    why = f", {trial.why}" if trial.why else ""
    return clean(f"{head}: {parameters(trial.parameters)}: {trial.state}{told}{cost}{why}")


def parameters(values: Mapping[str, Any]) -> str:
    """Values as they are read: ``lr=0.003 batch_size=32``."""
    return " ".join(f"{name}={value(one)}" for name, one in values.items()) or "as it is"


def value(one: Any) -> str:
    """One value, short."""
    return f"{one:.4g}" if isinstance(one, float) else str(one)


def standing_line(sweep: Sweep, trials: tuple[Trial, ...]) -> str:
    """How far the sweep is, in one line."""
    running = sum(trial.state is TrialState.RUNNING for trial in trials)
    summary = sweep.summary or {}
    best = summary.get("best")
    best_words = "" if best is None else f" · best {number(best['value'])}"
    spent = sum(trial.cost_seconds or 0.0 for trial in trials)
    return (
        f"sweep {sweep.id}: {len(trials) - running} trials done, {running} under way{best_words} · spent"
        f" {duration(spent)} of {duration(sweep.ceiling_seconds)}"
    )


def taking_line(sweep: Sweep, experiment: Experiment) -> str | None:
    """How to run the best configuration in full; ``None`` where nothing beats the script's own."""
    summary = sweep.summary or {}
    if summary.get("best") is None or summary.get("comparison") is None:
        return None
    values = arguments([from_json(one) for one in sweep.space], summary["best"]["parameters"])
    script = ["-m", experiment.module] if experiment.module else [str(experiment.script)]
    words = ["mlintern", "run", *script, "--", *with_values(experiment.args, values)]
    return clean(f"to run the best in full: {shlex.join(words)}")


def result_lines(sweep: Sweep, trials: tuple[Trial, ...]) -> Iterator[str]:
    """What the sweep came to."""
    yield standing_line(sweep, trials)
    if sweep.status is not SweepStatus.RUNNING:
        yield clean(f"sweep {sweep.id}: {sweep.status}{f', {sweep.why}' if sweep.why else ''}")
    yield from map(clean, summary_lines(sweep))


def summary_lines(sweep: Sweep) -> Iterator[str]:
    """What its trials allow to say."""
    summary = sweep.summary
    if summary is None:
        return
    for name, words in (("best", "best"), ("baseline", "the script's own")):
        told = summary[name]
        if told is not None:
            yield f"{words}: {sweep.metric} {number(told['value'])} with {parameters(told['parameters'])} (trial" \
                  f" {told['number']}, run {told['run']}){_fresh(told)}"  # fmt: skip
    yield from _comparison_lines(summary)
    if summary["advice"] is not None:
        yield f"advice: {summary['advice']['words']}"
    if summary["importance"]:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in summary["importance"].items())
        yield f"importance: {shares}"
    noise = summary["noise"]
    if noise is not None:
        yield f"noise: one more seed changes {sweep.metric} by {number(noise['deviation'])} (standard deviation)"
    if summary["luck"]:
        yield (
            f"looked at {summary['looked_at']} configurations: the best of so many looks up to"
            f" {number(summary['luck'])} better than it is by luck alone"
        )
    for one in summary["open"]:
        yield f"not known: {one}"


def _fresh(told: Mapping[str, Any]) -> str:
    if told["fresh"] is None:
        return "; chosen by this value, so it is too good" if not told["seeds"] else ""
    fresh = Interval(**told["fresh"])
    return f"; with fresh seeds {number(fresh.mid)} [{number(fresh.low)}–{number(fresh.high)}]"


def _comparison_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    compared = summary["comparison"]
    if compared is None:
        if summary["best"] is not None and summary["baseline"] is not None:
            yield "verdict: nothing was better than the script's own configuration"
        return
    gain = compared["gain"]
    told = "" if gain is None else f": {gain['mid']:+.3g} [{gain['low']:+.3g} to {gain['high']:+.3g}]"
    yield f"verdict: the best against the script's own is {compared['verdict']}{told} ({compared['why']})"
    needed = summary["seeds_for_claim"]
    if needed is not None and needed["seeds"] is not None:
        yield (
            f"to tell a gain of {number(needed['gain'])} apart takes {needed['seeds']} seeds of each, about"
            f" {duration(needed['seconds'])}"
        )
