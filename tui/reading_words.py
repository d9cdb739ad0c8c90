"""A checklist in words: each item with the person's mark, the place, and the words of the source.

Invariant: the source's words leave here without control codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..planner.reading.brief import Conflict, Hyperparameter, Place, Requirement, Target
from ..planner.reading.checklist import Checklist, Item, Mark, Part, Scalar
from ..planner.reading.unsaid import Candidate, candidates
from .text import clean

_MOST_QUOTE = 100
TITLES = {
    Part.TARGET: "To reach",
    Part.HYPERPARAMETER: "Hyperparameters",
    Part.UNSAID: "Not said",
    Part.REQUIREMENT: "Requirements",
}
_BOXES = {Mark.OPEN: "[ ]", Mark.CONFIRMED: "[x]", Mark.CHANGED: "[~]", Mark.LEFT_OUT: "[-]"}


def lines(checklist: Checklist) -> Iterator[str]:
    """For a person: each line with its number, the place and the words that it comes from."""
    yield f"{clean(checklist.brief.source)}"
    for part in (Part.TARGET, Part.HYPERPARAMETER, Part.REQUIREMENT):
        items = [one for one in checklist.items if one.part is part]
        yield ""
        yield f"{TITLES[part]}{'' if items else ': nothing was found'}"
        for one in items:
            yield from _item(one)
    if checklist.brief.conflicts:
        yield ""
        yield "Contradictions"
    for conflict in checklist.brief.conflicts:
        yield f"  ! {conflict.name}{_settled(checklist, conflict)}"
        yield from (f"      “{_short(quote)}”" for quote in conflict.quotes)
    if checklist.brief.unsaid:
        yield ""
        yield TITLES[Part.UNSAID]
    found = candidates(checklist.brief)
    for one in checklist.items:
        if one.part is Part.UNSAID:
            yield f"{one.number:>4}  {_unsaid(one, found)}"


def _settled(checklist: Checklist, conflict: Conflict) -> str:
    return "" if conflict in checklist.open_conflicts() else ": settled"


def _item(one: Item) -> Iterator[str]:
    where = place_words(one.place)
    text = f"{one.name}: {one.said.text}" if isinstance(one.said, Requirement) else item_words(one)
    yield f"{one.number:>4} {_BOXES[one.answer.mark]} {_short(text, 160)}{f'  ({where})' if where else ''}"
    if one.part is not Part.REQUIREMENT:
        yield f"           “{_short(one.quote)}”"


def _unsaid(one: Item, found: Iterable[Candidate]) -> str:
    if one.answer.mark is Mark.CHANGED:
        return f"{_BOXES[Mark.CHANGED]} {item_words(one)}"
    told = candidate_words(one, found)
    return f"? {one.name}{f': {told}' if told else ''}{' (left out)' if one.is_out else ''}"


def candidate_words(item: Item, found: Iterable[Candidate]) -> str:
    """What could stand for what the source does not say, each with where it comes from."""
    return "; ".join(f"{scalar(one.value)} ({one.origin})" for one in found if one.name == item.name)


def item_words(item: Item) -> str:
    """An item with the value that holds, on one line."""
    said, changed = item.said, item.answer.mark is Mark.CHANGED
    if isinstance(said, Requirement):
        return clean(said.text)
    if isinstance(said, Target):
        return clean(f"{said.metric} {target_words(said, item.value)}{_instead(said.value) if changed else ''}")
    if isinstance(said, Hyperparameter) and not changed:
        return clean(f"{said.name} = {value_words(item)}{f' for {said.applies_to}' if said.applies_to else ''}")
    if changed:
        whom = f" for {said.applies_to}" if said is not None and said.applies_to else ""
        instead = ", the source does not say" if said is None else _instead(said.value)
        return clean(f"{item.name} = {scalar(item.value)}{whom}: chosen by a person{instead}")
    return clean(item.name)


def value_words(item: Item) -> str:
    """The value that holds, with its unit; empty where there is none."""
    if item.value is None:
        return ""
    unit = item.said.unit if isinstance(item.said, Target | Hyperparameter) else None
    is_own = item.answer.mark is Mark.CHANGED and isinstance(item.said, Hyperparameter)
    return clean(f"{scalar(item.value)}{f' {unit}' if unit and not is_own else ''}")


def target_words(one: Target, value: Scalar | None = None) -> str:
    """What is to be reached: the value with its spread, on which split of what."""
    spread = "" if one.spread is None else f" ± {one.spread:g}"
    parts = [f"{scalar(one.value if value is None else value)}{spread}{f' {one.unit}' if one.unit else ''}"]
    parts += [one.split or "split not said"]
    parts += [part for part in (one.dataset, one.model) if part]
    return ", ".join(parts)


def scalar(value: Scalar | None) -> str:
    """A value as a person writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def place_words(place: Place) -> str:
    """Where the words stand."""
    parts = (("page", place.page), ("section", place.section), ("line", place.line))
    return clean(", ".join(f"{word} {value}" for word, value in parts if value is not None))


def _instead(value: Scalar) -> str:
    return f", the source says {scalar(value)}"


def _short(text: str, most: int = _MOST_QUOTE) -> str:
    plain = clean(" ".join(text.split()))
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
