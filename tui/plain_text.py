"""The ladder as lines of text: the same view as on the screen, one sentence a line, for screen readers and pipes.

Invariant: no box, no spinner, no column that means something by its place; every line can be understood by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..planner.again import command_again
from ..planner.edits.fixes import is_sure
from ..planner.moves import Ask, Blocked, Reached, RunRung, Wait
from ..planner.rungs import FACTS
from ..planner.view import LadderView, RungView
from ..runtime.room import Room
from ..store.records import Acceptance, Finding, Forecast, Interval, Run, RungStatus
from .budgets import budget_words
from .extension import asks_for_more
from .text import clean
from .units import count, duration, duration_interval, energy, money, number
from .widgets import question
from .widgets.finding_list import in_order, place

WORDS = {RungStatus.PLANNED: "not climbed yet", RungStatus.WAITING: "asks you"}


def rung_line(rung: RungView) -> str:
    """One rung: ``rehearsal: passed in 8.4 s, 1 finding``."""
    words = [f"{rung.name}: {WORDS.get(rung.status, str(rung.status))}"]
    if rung.actual_seconds is not None:
        words.append(f" in {duration(rung.actual_seconds)}")
    if rung.forecast is not None:
        words.append(f", forecast {duration_interval(rung.forecast.seconds)}")
    if rung.findings:
        words.append(f", {rung.findings} finding{'s' if rung.findings > 1 else ''}")
    if rung.why and rung.status is not RungStatus.NOT_BUILT:
        words.append(f", because {rung.why}")
    return clean("".join(words))


def finding_lines(finding: Finding, accepted: Acceptance | None = None) -> Iterator[str]:
    """A finding with its number and its fix, or why a person takes it as it is."""
    where = place(finding)
    said = f"{finding.severity}: {finding.code}: {finding.message}{f' ({where})' if where else ''}"
    yield clean(f"{said} [finding {finding.id}]")
    if accepted is not None:
        yield clean(f"accepted: {accepted.reason}")
    elif finding.fix:
        yield clean(f"fix: {finding.fix}")
        if is_sure(finding):
            yield f"as an edit to approve, where one is sure: mlintern edit fix {finding.id}"


def all_finding_lines(view: LadderView) -> Iterator[str]:
    """The findings, the gravest first, and after them each command that shows some of them again."""
    numbers: dict[str, list[str]] = {}
    for finding in in_order(view.findings):
        yield from finding_lines(finding, view.accepted.get(finding.id))
        command = command_again(finding, view.experiment, here=Path.cwd())
        numbers.setdefault(command, []).append(str(finding.id))
    for command, shown in numbers.items():
        yield clean(f"finding{'s' if len(shown) > 1 else ''} {', '.join(shown)} again: {command}")


def forecast_line(forecast: Forecast, room: Room | None = None) -> str:
    """What a rung would cost, beside the memory that is free."""
    reasons = question.unknowns(forecast)
    unknown = f"; not known: {'; '.join(reasons)}" if reasons else ""
    return clean(f"cost of {forecast.rung}: {', '.join(question.costs(forecast, room))}{unknown}")


def view_lines(view: LadderView) -> Iterator[str]:
    """Everything there is to say."""
    args = " ".join(view.experiment.args)
    yield clean(f"experiment {view.experiment.id}: {view.experiment.script} {args}".strip())
    yield budget_words(view.budgets)
    for rung in view.rungs:
        yield rung_line(rung)
    yield from all_finding_lines(view)
    for fact in view.verified:
        yield clean(f"verified: {fact}")
    for fact in view.not_verified:
        yield clean(f"not verified: {fact}")
    yield from move_lines(view)


def move_lines(view: LadderView) -> Iterator[str]:
    """What comes next."""
    match view.move:
        case Ask() as ask:
            yield clean(f"{ask.rung} asks for approval: {question.what_runs(ask, view)}; {ask.why}")
            yield forecast_line(ask.forecast, view.room)
            yield from question.room_warnings(ask.forecast, view.room)
            yield from map(clean, question.budget_warnings(ask, view))
            yield clean(f"{ask.rung} would verify: {', '.join(ask.verifies)}")
        case RunRung(rung=rung):
            yield f"next: {rung}, which needs no approval"
        case Wait(run_id=run_id, rung=rung):
            running = next((one for one in view.rungs if one.run and one.run.id == run_id), None)
            if running is not None and running.run is not None:
                yield from more_lines(running.run, running.reforecast)
            yield f"run {run_id} climbs {rung}"
        case Blocked(rung=rung, why=why):
            yield clean(f"blocked at {rung}: {why}")
        case Reached(rung=rung):
            yield f"reached: {rung} is passed"


def more_lines(run: Run, total: Interval | None) -> Iterator[str]:
    """The question of a run that will need more than was approved, with how to answer it."""
    needs = asks_for_more(run, total)
    if needs is not None:
        yield f"{needs}; mlintern extend {run.id} TIME allows more, mlintern stop {run.id} stops it"


def changes(before: LadderView | None, after: LadderView) -> Iterator[str]:
    """What is new since the last view, as lines; everything where there was none."""
    if before is None:
        yield from view_lines(after)
        return
    known = {rung.name: rung_line(rung) for rung in before.rungs}
    for rung in after.rungs:
        if rung_line(rung) != known.get(rung.name):
            yield rung_line(rung)
    new_findings = tuple(finding for finding in after.findings if finding not in before.findings)
    yield from all_finding_lines(replace(after, findings=new_findings))
    for label, old, new in (
        ("verified", before.verified, after.verified),
        ("not verified", before.not_verified, after.not_verified),
    ):
        yield from (clean(f"{label}: {fact}") for fact in new if fact not in old)
    if after.move != before.move:
        yield from move_lines(after)


def progress_line(run: Run, now: float, total: Interval | None = None) -> str:
    """How far a run is."""
    elapsed = None if run.started_at is None else max(0.0, now - run.started_at)
    words = [f"run {run.id}, {run.rung}: {run.status}"]
    if run.steps is not None:
        words.append(f"step {count(run.steps)}{f' of {count(run.planned_steps)}' if run.planned_steps else ''}")
    if run.last_loss is not None and FACTS[run.rung].costs:  # a cut loop's loss is no result
        words.append(f"loss {number(run.last_loss)}")
    if elapsed is not None:
        words.append(f"{duration(elapsed)} so far")
        if total is not None:
            words.append(f"{duration(max(0.0, total.mid - elapsed))} left")
        elif run.steps and run.planned_steps:
            words.append(f"{duration(elapsed * (run.planned_steps - run.steps) / run.steps)} left")
    if run.energy_joules is not None:
        words.append(f"energy {energy(run.energy_joules)}")
    if run.usd is not None:
        words.append(f"money {money(run.usd)}")
    if run.ceiling_seconds is not None:
        words.append(f"ceiling {duration(run.ceiling_seconds)}")
    return ", ".join(words)
