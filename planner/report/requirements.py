"""The section that tells what a paper or a task asks for, and how each item was met, changed or left.

Invariant: what a person said of an item stands beside it; what nobody compared says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...store.records import Event
from ..briefs import READ
from ..inspections import hyperparameters
from ..reading.checklist import Checklist, Item, Mark, Part
from ..reading.from_json import NotABriefError, checklist_of
from ..verification.verify import RESULTS
from .blocks import Block, Line, Paragraph, Reference, Section, Words, line
from .story import table
from .subject import Subject

_SHORT = {"learning_rate": "lr", "epsilon": "eps"}
_LISTS = {
    Part.TARGET: "targets",
    Part.HYPERPARAMETER: "hyperparameters",
    Part.UNSAID: "unsaid",
    Part.REQUIREMENT: "requirements",
}
_LEFT_OUT = "left out by a person"


def requirements(subject: Subject) -> Section:
    """What was asked for, and how each value was met, changed or left."""
    title = Words("Requirements")
    events = subject.events(READ)
    if not events:
        return Section(title, (Paragraph(line("No requirements were read.")),))
    event = events[-1]
    try:
        checklist = checklist_of(event.data)
    except NotABriefError:
        return Section(title, (Paragraph(line("What was read is no brief any more.")),))
    used = {one.name: number for number, one in enumerate(hyperparameters(subject.store, subject.experiment))}
    rows = list(_rows(subject, event, checklist, used))
    return Section(title, (_said_by(checklist), table(("what is asked for", "how it was met", "quote"), rows)))


def _said_by(checklist: Checklist) -> Block:
    if any(one.answer.mark is not Mark.OPEN for one in checklist.items):
        return Paragraph(line("A person went through this list and confirmed it."))
    return Paragraph(line("Nobody confirmed this list: it is as it was read."))


def _rows(
    subject: Subject, event: Event, checklist: Checklist, used: Mapping[str, int]
) -> Iterator[tuple[Line, ...]]:
    first: dict[Part, int] = {}
    kept = iter(range(len(checklist.items)))
    for item in checklist.items:
        first.setdefault(item.part, item.number)
        place: tuple[Any, ...] = (event.id, "data", _LISTS[item.part], item.number - first[item.part])
        if item.part is Part.HYPERPARAMETER:
            asked = line(Reference("event", (*place, "name")), " ", Reference("event", (*place, "value")))
            yield asked, _met(subject, event, item, used), line(Reference("event", (*place, "quote")))
        elif item.part is Part.UNSAID and item.answer.mark is Mark.CHANGED:
            yield line(Reference("event", place)), _met(subject, event, item, used), line("the source does not say")
        elif item.part is Part.TARGET:
            metric, value = Reference("event", (*place, "metric")), Reference("event", (*place, "value"), "number")
            told = line(_LEFT_OUT) if item.is_out else _reached(subject, next(kept))
            yield line(metric, " ", value), told, line(Reference("event", (*place, "quote")))
        elif item.part is Part.REQUIREMENT:
            met = line(_LEFT_OUT if item.is_out else "nobody compared it")
            yield line(Reference("event", (*place, "text"))), met, line(Reference("event", (*place, "quote")))


def _reached(subject: Subject, number: int) -> Line:
    """How a number of the paper was reached by this run, in its own unit."""
    if subject.run.rung not in RESULTS:
        return line("a run of this rung shows no results")
    place = (subject.run.id, number)
    if subject.resolver.value(Reference("against", (*place, "value"))) is None:
        return line("not compared: ", Reference("against", (*place, "why_not")))
    value = Reference("against", (*place, "value"), "number")
    return line("here ", value, ", the claim is ", Reference("against", (*place, "verdict", "answer")))


def _met(subject: Subject, event: Event, item: Item, used: Mapping[str, int]) -> Line:
    if item.is_out:
        return line(_LEFT_OUT)
    number = used.get(item.name, used.get(_SHORT.get(item.name, "")))
    changed: tuple[str | Reference, ...] = ()
    if item.answer.mark is Mark.CHANGED:
        places = [n for n, one in enumerate(event.data["answers"]) if one.get("number") == item.number]
        changed = ("a person asks for ", Reference("event", (event.id, "data", "answers", places[0], "value")), ": ")
    if number is None:
        return line(*changed, "left: the code has no such value that is known")
    value = Reference("hyperparameter", (subject.experiment.id, number, "value"))
    wanted = _percent(item)
    if _number(subject.resolver.value(value)) == _number(wanted):
        return line(*changed, "met")
    return line(*changed, "changed to ", value)


def _percent(item: Item) -> object:
    """Ten per cent are a tenth, which is how code takes them."""
    unit = getattr(item.said, "unit", None)
    is_number = isinstance(item.value, int | float) and not isinstance(item.value, bool)
    if unit == "%" and is_number and item.answer.mark is not Mark.CHANGED:
        return float(str(item.value)) / 100
    return item.value


def _number(value: object) -> object:
    try:
        return float(str(value))
    except ValueError:
        return str(value).lower()
