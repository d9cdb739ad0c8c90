"""A brief from the JSON that `mlintern read --json` prints, for a brief that a person has edited or written by hand.

Invariant: what is not of the documented shape is refused with the place where it is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from .brief import Brief, Conflict, Hyperparameter, Place, Requirement, RequirementKind, Target
from .checklist import Answer, Checklist, ChecklistError, Mark

T = TypeVar("T")


class NotABriefError(Exception):
    """A text that is no brief; says where and why."""


def checklist_from_json(text: str) -> Checklist:
    """The brief, with the answers that stand beside it; lists that are not there are empty, an item without an answer
    is open, and of a place nothing need be known.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotABriefError(f"it is not JSON ({error})") from error
    return checklist_of(content)


def brief_from_json(text: str) -> Brief:
    """The brief alone."""
    return checklist_from_json(text).brief


def checklist_of(content: Any) -> Checklist:
    """The checklist of an object that was read already."""
    top = _Fields(content, "the brief")
    checklist = Checklist(_brief(top))
    answers: dict[int, Answer] = {}
    for place, one in enumerate(top.list("answers"), start=1):
        number, answer = _answer(checklist, _Fields(one, f"answers {place}"))
        answers[number] = answer
    return Checklist(checklist.brief, {number: one for number, one in answers.items() if one.mark is not Mark.OPEN})


def _answer(checklist: Checklist, one: _Fields) -> tuple[int, Answer]:
    number, mark = one.content.get("number"), one.text("mark")
    if isinstance(number, bool) or not isinstance(number, int):
        raise NotABriefError(f"“number” of {one.name} is no whole number")
    if mark not in list(Mark):
        raise NotABriefError(f"“{mark}” of {one.name} is none of {', '.join(Mark)}")
    try:
        item = checklist.item(number)
        if one.optional("name") not in (None, item.name):
            raise NotABriefError(f"{one.name} is about {one.text('name')}, but item {number} is {item.name}")
        if mark == Mark.CHANGED:
            value = _scalar(one)
            checklist.change(number, value)
            return number, Answer(Mark.CHANGED, value)
        if mark == Mark.CONFIRMED:
            checklist.confirm(number)
    except ChecklistError as error:
        raise NotABriefError(f"{one.name}: {error}") from error
    return number, Answer(Mark(mark))


def _brief(top: _Fields) -> Brief:
    return Brief(
        source=top.text("source"),
        requirements=top.each("requirements", _requirement),
        hyperparameters=top.each("hyperparameters", _hyperparameter),
        targets=top.each("targets", _target),
        unsaid=tuple(_string(one, "unsaid") for one in top.list("unsaid")),
        conflicts=top.each("conflicts", _conflict),
    )


class _Fields:
    """An object, with the errors that name it."""

    def __init__(self, content: Any, name: str) -> None:
        if not isinstance(content, dict):
            raise NotABriefError(f"{name} is no object")
        self.content, self.name = content, name

    def text(self, key: str) -> str:
        return _string(self.content.get(key), f"“{key}” of {self.name}")

    def optional(self, key: str) -> str | None:
        return None if self.content.get(key) is None else self.text(key)

    def number(self, key: str) -> float:
        value = self.content.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise NotABriefError(f"“{key}” of {self.name} is no number")
        return float(value)

    def list(self, key: str) -> list[Any]:
        value = self.content.get(key, [])
        if not isinstance(value, list):
            raise NotABriefError(f"“{key}” of {self.name} is no list")
        return value

    def each(self, key: str, read: Callable[[_Fields], T]) -> tuple[T, ...]:
        return tuple(read(_Fields(one, f"{key} {number}")) for number, one in enumerate(self.list(key), start=1))

    def place(self) -> Place:
        place = self.content.get("place") or {}
        if not isinstance(place, dict):
            raise NotABriefError(f"“place” of {self.name} is no object")
        page, line, section = place.get("page"), place.get("line"), place.get("section")
        return Place(
            page=page if isinstance(page, int) else None,
            section=None if section is None else str(section),
            line=line if isinstance(line, int) else None,
        )


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise NotABriefError(f"{name} is no text")
    return value


def _requirement(one: _Fields) -> Requirement:
    kind = one.text("kind")
    if kind not in list(RequirementKind):
        raise NotABriefError(f"“{kind}” of {one.name} is no kind of requirement")
    return Requirement(RequirementKind(kind), one.text("text"), one.text("quote"), one.place())


def _hyperparameter(one: _Fields) -> Hyperparameter:
    return Hyperparameter(
        one.text("name"), _scalar(one), one.optional("unit"), one.optional("applies_to"), one.text("quote"), one.place()
    )


def _scalar(one: _Fields) -> float | int | str | bool:
    value = one.content.get("value")
    if not isinstance(value, bool | int | float | str):
        raise NotABriefError(f"“value” of {one.name} is no number, text or truth value")
    return value


def _target(one: _Fields) -> Target:
    return Target(
        metric=one.text("metric"),
        value=one.number("value"),
        unit=one.optional("unit"),
        spread=None if one.content.get("spread") is None else one.number("spread"),
        split=one.optional("split"),
        dataset=one.optional("dataset"),
        model=one.optional("model"),
        quote=one.text("quote"),
        place=one.place(),
    )


def _conflict(one: _Fields) -> Conflict:
    return Conflict(one.text("name"), tuple(_string(quote, one.name) for quote in one.list("quotes")))
