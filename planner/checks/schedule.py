"""Whether each learning-rate schedule is stepped as often as its length was meant for.

Invariant: how often it is stepped in the full run comes from the loop tree; where that is not known nothing is said of
its length.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ...store.records import Json, RungName, Severity
from ..extrapolate import extrapolate, turns_of
from ..finding import FindingDraft
from ..looptree import LoopNode, parse
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

CODE = "optim.schedule"
FEWEST_STEPS = 4
ALIKE = 0.15
"""How far a length and a count may differ and still be meant to be the same."""
NEGLIGIBLE = 1e-4
ELSEWHERE = ("SWALR",)


@dataclass(frozen=True, slots=True)
class _Full:
    """What the full run does with a schedule."""

    calls: float
    steps: int | None
    exact: bool
    every_step: bool

    @property
    def how(self) -> str:
        return "every optimizer step" if self.every_step else "less often than the optimizer"


_Answer = tuple[Severity, str, str] | None


def _judge(report: Json, evidence: Evidence) -> Judgement:
    schedules = report["schedules"]
    if not schedules:
        return fine("no learning-rate scheduler is used that could be stepped wrongly")
    tree = parse(evidence.reports["loops"]["tree"])
    findings = [f for one in schedules if (f := _of_schedule(one, report, tree, evidence)) is not None]
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    if findings:
        return ask(*findings)
    if all(one["optimizer_steps"] < FEWEST_STEPS for one in schedules):
        return could_not_tell("whether schedules are stepped as meant: too few steps were seen")
    return fine("learning-rate schedules are stepped as often as their length says")


def _of_schedule(one: Json, report: Json, tree: LoopNode, evidence: Evidence) -> FindingDraft | None:
    answer = _use(one, report) or _length(one, _full(one, tree))
    if answer is None:
        return None
    severity, message, fix = answer
    kept = ("kind", "calls", "optimizer_steps", "length", "gamma", "step_size", "milestones", "curve", "at_steps")
    place = one["step_place"] or one["place"]
    numbers = ({key: one[key] for key in kept if one.get(key) is not None}, {"made": one["place"]})
    return found(evidence, CODE, severity, message, place, numbers, fix)


def _use(one: Json, report: Json) -> _Answer:
    """Whether it is stepped at all, and after the optimizer."""
    if one["replaced"] and report["steps"] >= FEWEST_STEPS:
        return (
            Severity.WARNING,
            f"{one['kind']} belongs to an optimizer that never steps; another one steps the same parameters, and its"
            " learning rate stays at its first value",
            "make the schedule for the optimizer that steps, after it was made",
        )
    if one["optimizer_steps"] < FEWEST_STEPS or one["kind"] in ELSEWHERE:
        return None
    if not one["calls"]:
        is_sure = not one["stepped_in_text"]
        message = f"{one['kind']} is never stepped, so the learning rate stays at its first value"
        return (
            Severity.WARNING if is_sure else Severity.INFO,
            message if is_sure else f"{one['kind']} was not stepped in {one['optimizer_steps']} optimizer steps",
            "call scheduler.step() after optimizer.step(), or once an epoch",
        )
    if one["before_any_step"] and not report["scaled"]:
        return (
            Severity.WARNING,
            f"{one['kind']} is stepped before the optimizer's first step: the schedule's first value is never used",
            "call scheduler.step() after optimizer.step()",
        )
    return None


def _full(one: Json, tree: LoopNode) -> _Full | None:
    loop = one["loop"]
    if loop is None or not one["calls"]:
        return None
    turns = turns_of(tree, loop["file"], loop["line"])
    short = sum(node.iterations for node in tree.walk() if (node.file, node.line) == (loop["file"], loop["line"]))
    if not turns or not short:
        return None
    share = one["calls"] / short
    run = extrapolate(tree)
    every_step = one["calls"] >= 0.9 * one["optimizer_steps"] and (not run.steps or turns >= 0.5 * run.steps)
    return _Full(turns * (1.0 if share > 0.9 else share), run.steps, run.exact, every_step)


def _length(one: Json, full: _Full | None) -> _Answer:
    if full is None:
        return None
    for question in _LENGTHS:
        answer = question(one, full)
        if answer is not None:
            return answer
    return None


def _fixed_length(one: Json, full: _Full) -> _Answer:
    """A length in so many calls."""
    length = one["length"]
    if not length or one["kind"] in ("LinearLR", "ConstantLR"):
        return None
    counted = f"{one['kind']} is {length} calls long, and is stepped {full.calls:.0f} times in the full run, {full.how}"
    if one["kind"] == "OneCycleLR" and full.exact and round(full.calls) > length:
        return Severity.ERROR, f"{counted}: it raises an error at call {length + 1}", _FIX
    if full.calls >= 3 * length and full.every_step:
        return Severity.WARNING, f"{counted}: its length seems to count epochs", _FIX
    if full.calls < 0.3 * length:
        meant_steps = full.steps is not None and not full.every_step and _alike(length, full.steps)
        if meant_steps:
            return Severity.WARNING, f"{counted}: its length counts optimizer steps, so the rate hardly changes", _FIX
        return Severity.INFO, f"{counted}: only its beginning is used; is that meant so?", _FIX
    return None


def _warm_up(one: Json, full: _Full) -> _Answer:
    """A rise that the run never gets to the end of."""
    curve, milestones = one["curve"], one["milestones"]
    if milestones and one["kind"] == "SequentialLR" and milestones[0] > full.calls:
        message = (
            f"SequentialLR leaves its first part after {milestones[0]} calls, but is stepped only {full.calls:.0f}"
            f" times in the full run, {full.how}"
        )
        return Severity.WARNING, message, _FIX
    if curve and curve["peak"] > 0 and curve["first"] < 0.5 * curve["peak"] and curve["peak_at"] > 1.2 * full.calls:
        message = (
            f"the warm-up of {one['kind']} takes {curve['peak_at']} calls, but it is stepped only {full.calls:.0f}"
            f" times in the full run, {full.how}: the rate never gets to its height"
        )
        return Severity.WARNING, message, _FIX
    return None


def _settling(one: Json, full: _Full) -> _Answer:
    """A function of the step that ends far before or far after the run does."""
    curve = one["curve"]
    if not curve or not curve["ends"] or curve["settled_at"] < 2 or curve["peak"] <= 0:
        return None
    settled = curve["settled_at"]
    if full.every_step and full.calls > 3 * settled and curve["last"] <= 1e-3 * curve["peak"]:
        message = (
            f"{one['kind']} brings the rate to nothing after about {settled} calls, and is stepped {full.calls:.0f}"
            " times in the full run: its length seems to count epochs"
        )
        return Severity.WARNING, message, _FIX
    if not full.every_step and full.calls < 0.3 * settled and full.steps and _alike(settled, full.steps):
        message = (
            f"{one['kind']} is about {settled} calls long, as many as optimizer steps, but is stepped only"
            f" {full.calls:.0f} times in the full run"
        )
        return Severity.WARNING, message, _FIX
    return None


def _decaying(one: Json, full: _Full) -> _Answer:
    """A factor every so many calls that leaves nothing of the rate."""
    gamma = one["gamma"]
    if one["kind"] not in ("ExponentialLR", "StepLR") or not gamma or not 0 < gamma < 1:
        return None
    calls = math.log(NEGLIGIBLE) / math.log(gamma) * (one["step_size"] or 1)
    if calls > 0.3 * full.calls:
        return None
    message = (
        f"{one['kind']} multiplies the rate by {gamma:g}, {full.how}: after {calls:.0f} of {full.calls:.0f} calls less"
        f" than {NEGLIGIBLE:g} of it is left, and nothing is learned any more"
    )
    return Severity.WARNING if full.every_step else Severity.INFO, message, _FIX


_FIX = "step it as often as its length counts: once an epoch or once an optimizer step"
_LENGTHS: tuple[Callable[[Json, _Full], _Answer], ...] = (_fixed_length, _warm_up, _settling, _decaying)


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= ALIKE * max(one, other)


SCHEDULE = Check(
    name="optim.schedule",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Is each learning-rate schedule stepped as often as its length was meant for?",
    needs=("observed.schedules", "loops"),
    uses=("torch",),
    evidence="the schedule's length, and how often the full run steps it",
    fix=_FIX,
    judge=upon("schedules", "whether schedules are stepped as meant", _judge),
)
