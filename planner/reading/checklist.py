"""A brief as a checklist: what a person confirms, changes or leaves out of what was read.

Invariant: the brief itself never changes; an answer stands beside the item that it answers, and every contradiction is
settled before the whole is confirmed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .brief import Brief, Conflict, Hyperparameter, Place, Requirement, Target

Scalar = float | int | str | bool
BRIEF_FILE = "brief.json"
"""Where an experiment's folder keeps the checklist that it was written from."""


class Mark(StrEnum):
    """What a person said of one item."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    LEFT_OUT = "left out"


class Part(StrEnum):
    """Which list of the brief an item stands in."""

    TARGET = "target"
    HYPERPARAMETER = "hyperparameter"
    UNSAID = "unsaid"
    REQUIREMENT = "requirement"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; ``value`` is the person's own, of an item that is changed."""

    mark: Mark
    value: Scalar | None = None


OPEN = Answer(Mark.OPEN)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist."""

    number: int
    """From 1 on, through the whole list; the same brief always counts the same."""
    part: Part
    name: str
    """A hyperparameter's name, a target's metric, a requirement's kind."""
    said: Target | Hyperparameter | Requirement | None
    """What the source says; ``None`` where it says nothing."""
    answer: Answer = OPEN

    @property
    def value(self) -> Scalar | None:
        """The value that holds: the person's, else the source's."""
        if self.answer.value is not None:
            return self.answer.value
        return None if self.said is None or isinstance(self.said, Requirement) else self.said.value

    @property
    def quote(self) -> str:
        """The words of the source; empty where it says nothing."""
        return "" if self.said is None else self.said.quote

    @property
    def place(self) -> Place:
        """Where they stand."""
        return Place() if self.said is None else self.said.place

    @property
    def is_out(self) -> bool:
        """Whether a person left it out."""
        return self.answer.mark is Mark.LEFT_OUT


class ChecklistError(ValueError):
    """An answer that cannot be given; the text says why and what can be done."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """A brief with the answers so far, by the items' numbers."""

    brief: Brief
    answers: Mapping[int, Answer] = field(default_factory=dict)

    @property
    def items(self) -> tuple[Item, ...]:
        """Every line: what is to be reached, the values, what is not said, the requirements."""
        return tuple(
            replace(item, answer=self.answers.get(item.number, OPEN)) for item in _numbered(self.brief)
        )

    def item(self, number: int) -> Item:
        """One line. Raises :class:`ChecklistError`."""
        found = next((one for one in self.items if one.number == number), None)
        if found is None:
            raise ChecklistError(f"there is no item {number}: they are numbered from 1 to {len(self.items)}")
        return found

    def named(self, word: str) -> tuple[int, ...]:
        """The numbers that a word means: a number, or the name of a hyperparameter. Raises :class:`ChecklistError`."""
        if word.isascii() and word.isdigit():
            return (self.item(int(word)).number,)
        values = (Part.HYPERPARAMETER, Part.UNSAID)
        found = tuple(one.number for one in self.items if one.name == word and one.part in values)
        if not found:
            known = ", ".join(dict.fromkeys(one.name for one in self.items if one.part in values))
            raise ChecklistError(f"nothing is called {word}: write an item's number, or one of {known or 'none'}")
        return found

    def confirm(self, number: int) -> Checklist:
        """Take an item as it was read; what contradicts it is left out."""
        item = self.item(number)
        if item.part is Part.UNSAID:
            raise ChecklistError(f"the source says no {item.name}: give a value, or leave it to the recipe")
        return self._settling(number, Answer(Mark.CONFIRMED))

    def change(self, number: int, value: Scalar) -> Checklist:
        """Put a person's own value in place of what was read, or where nothing was said."""
        item = self.item(number)
        if isinstance(item.said, Requirement):
            raise ChecklistError("a requirement is the source's own words: confirm it, or leave it out")
        if isinstance(value, float) and not math.isfinite(value):
            raise ChecklistError(f"{value} is no finite number")
        if isinstance(item.said, Target) and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ChecklistError(f"what is to be reached is a number, and “{value}” is none")
        return self._settling(number, Answer(Mark.CHANGED, value))

    def leave_out(self, number: int) -> Checklist:
        """Do without an item."""
        return self._with({number: Answer(Mark.LEFT_OUT)})

    def reopen(self, number: int) -> Checklist:
        """Take an answer back."""
        self.item(number)
        return Checklist(self.brief, {key: one for key, one in self.answers.items() if key != number})

    def rivals(self, number: int) -> tuple[Item, ...]:
        """The other items that give the same thing another value."""
        own = self.item(number)
        for conflict in self.brief.conflicts:
            members = self._members(conflict)
            if own.number in {one.number for one in members}:
                return tuple(one for one in members if one.number != own.number and one.value != own.value)
        return ()

    def open_conflicts(self) -> tuple[Conflict, ...]:
        """The contradictions that nobody has settled."""
        return tuple(one for one in self.brief.conflicts if len(self._standing(one)) > 1)

    def confirmed(self) -> Checklist:
        """All that is open is taken as it was read. Raises :class:`ChecklistError` while a contradiction stands."""
        standing = self.open_conflicts()
        if standing:
            names = ", ".join(dict.fromkeys(one.name for one in standing))
            raise ChecklistError(f"said in two ways: {names}. Confirm one of them, change it, or leave one out, first")
        open_ones = (one for one in self.items if one.answer is OPEN and one.part is not Part.UNSAID)
        return self._with({one.number: Answer(Mark.CONFIRMED) for one in open_ones})

    def settled(self) -> Brief:
        """The brief as it is to be followed: without what was left out, with the person's values as theirs."""
        kept = [one for one in self.items if not one.is_out]
        out = {one.name for one in self.items if one.part is Part.HYPERPARAMETER and one.is_out}
        values = [_value(one) for one in kept if one.part in (Part.HYPERPARAMETER, Part.UNSAID)]
        given = tuple(one for one in values if one is not None)
        left = [one.name for one in kept if one.part is Part.UNSAID and one.answer.value is None]
        return replace(
            self.brief,
            targets=tuple(_target(one) for one in kept if one.part is Part.TARGET),
            hyperparameters=given,
            requirements=tuple(one.said for one in kept if isinstance(one.said, Requirement)),
            unsaid=(*left, *sorted(out - {one.name for one in given})),
            conflicts=self.open_conflicts(),
        )

    def _settling(self, number: int, answer: Answer) -> Checklist:
        after = self._with({number: answer})
        return after._with({one.number: Answer(Mark.LEFT_OUT) for one in after.rivals(number)})

    def _with(self, answers: Mapping[int, Answer]) -> Checklist:
        for number in answers:
            self.item(number)
        return Checklist(self.brief, {**self.answers, **answers})

    def _members(self, conflict: Conflict) -> tuple[Item, ...]:
        return tuple(one for one in self.items if one.name == conflict.name and one.quote in conflict.quotes
                     and one.part is Part.HYPERPARAMETER)  # fmt: skip

    def _standing(self, conflict: Conflict) -> set[Scalar | None]:
        return {one.value for one in self._members(conflict) if not one.is_out}


def _numbered(brief: Brief) -> Iterator[Item]:
    lines: list[tuple[Part, str, Target | Hyperparameter | Requirement | None]] = [
        *((Part.TARGET, one.metric, one) for one in brief.targets),
        *((Part.HYPERPARAMETER, one.name, one) for one in brief.hyperparameters),
        *((Part.UNSAID, name, None) for name in brief.unsaid),
        *((Part.REQUIREMENT, str(one.kind), one) for one in brief.requirements),
    ]
    for number, (part, name, said) in enumerate(lines, start=1):
        yield Item(number, part, name, said)


def _value(item: Item) -> Hyperparameter | None:
    if isinstance(item.said, Hyperparameter):
        if item.answer.value is None:
            return item.said
        return replace(item.said, value=item.answer.value, unit=None, by_person=True)
    if item.answer.value is None:
        return None
    return Hyperparameter(item.name, item.answer.value, None, None, "", Place(), by_person=True)


def _target(item: Item) -> Target:
    assert isinstance(item.said, Target)
    return item.said if item.answer.value is None else replace(item.said, value=float(item.answer.value))
