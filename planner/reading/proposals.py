"""What somebody else proposes to have read, a language model say: kept where the source bears it out, refused with a
reason elsewhere.

Invariant: nothing gets into a brief whose quote does not stand literally in the source, or whose value is not in its
quote.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .brief import Hyperparameter, Place, Requirement, RequirementKind, Target
from .document import Document
from .hyperparameters import SUBJECTS
from .named import OPTIMIZERS, PRECISIONS, SCHEDULES
from .numbers import Number, numbers

_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_SUBJECTS = {subject.name: subject for subject in SUBJECTS}
_WORDS = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES, "precision": PRECISIONS}
_MOST_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposed item that was not taken, and why."""

    item: object
    why: str


@dataclass(slots=True)
class Admitted:
    """What was taken, and what was not."""

    requirements: list[Requirement] = field(default_factory=list)
    hyperparameters: list[Hyperparameter] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class _RefusedError(ValueError):
    """Why an item is not taken."""


def admit(document: Document, proposed: Mapping[str, Any]) -> Admitted:
    """Check an answer of the form of ``read --json``: ``requirements``, ``hyperparameters`` and ``targets`` with
    quotes."""
    admitted = Admitted()
    for item in _listed(proposed, "requirements"):
        _admit(admitted, item, lambda one: admitted.requirements.append(_requirement(document, one)))
    for item in _listed(proposed, "hyperparameters"):
        _admit(admitted, item, lambda one: admitted.hyperparameters.append(_hyperparameter(document, one)))
    for item in _listed(proposed, "targets"):
        _admit(admitted, item, lambda one: admitted.targets.append(_target(document, one)))
    return admitted


def _listed(proposed: Mapping[str, Any], name: str) -> Iterable[object]:
    found = proposed.get(name, ())
    return found if isinstance(found, list | tuple) else ()


def _admit(admitted: Admitted, item: object, take: Any) -> None:
    if not isinstance(item, Mapping):
        admitted.refused.append(Refusal(item, "it is no object"))
        return
    try:
        take(item)
    except _RefusedError as error:
        admitted.refused.append(Refusal(item, str(error)))


def _requirement(document: Document, item: Mapping[str, Any]) -> Requirement:
    kind = item.get("kind")
    if kind not in set(RequirementKind):
        raise _RefusedError(f"there is no kind “{kind}”")
    quote, place, _ = _quote(document, item)
    return Requirement(RequirementKind(kind), _text(item, "text") or " ".join(quote.split()), quote, place)


def _hyperparameter(document: Document, item: Mapping[str, Any]) -> Hyperparameter:
    name = item.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _RefusedError("its name is no snake_case name")
    quote, place, words = _quote(document, item)
    value = item.get("value")
    if isinstance(value, bool):
        if name.replace("_", " ") not in words.lower():
            raise _RefusedError("its quote does not speak of it")
    elif isinstance(value, str):
        _check_word(name, value, words)
    else:
        found = _number(value, words)
        assert isinstance(value, int | float)  # as _number found
        subject = _SUBJECTS.get(name)
        if subject is not None and not subject.allows(found):
            raise _RefusedError(f"{value} makes no sense as {name}")
    return Hyperparameter(name, value, _text(item, "unit"), _text(item, "applies_to"), quote, place)


def _target(document: Document, item: Mapping[str, Any]) -> Target:
    metric = item.get("metric")
    if not isinstance(metric, str) or not _NAME.fullmatch(metric):
        raise _RefusedError("its metric is no snake_case name")
    quote, place, words = _quote(document, item)
    value = item.get("value")
    _number(value, words)
    spread = item.get("spread")
    if spread is not None:
        _number(spread, words)
    assert isinstance(value, int | float)  # as _number found
    texts = (_text(item, key) for key in ("unit", "split", "dataset", "model"))
    unit, split, dataset, model = texts
    return Target(
        metric, value, unit, spread, split, dataset, model, quote, place
    )


def _quote(document: Document, item: Mapping[str, Any]) -> tuple[str, Place, str]:
    """The quote as it stands in the source, its place, and what it reads as."""
    quote = item.get("quote")
    if not isinstance(quote, str) or not quote.strip():
        raise _RefusedError("it has no quote")
    if len(quote) > _MOST_CHARACTERS:
        raise _RefusedError(f"its quote is longer than {_MOST_CHARACTERS} characters")
    span = document.span(quote)
    place = document.find(quote)
    if span is None or place is None:
        raise _RefusedError("its quote does not stand in the source")
    return quote, place, document.view.text[slice(*span)]


def _number(value: object, words: str) -> Number:
    """The number of the quote that is the value."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _RefusedError("its value is no number")
    for one in numbers(words):
        if (
            isinstance(one, Number)
            and (_is_equal(one.value, value) or (one.is_percent and _is_equal(one.value / 100, value)))
        ):
            return one
    raise _RefusedError(f"its value {value} is not in its quote")


def _is_equal(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-300)


def _check_word(name: str, value: str, words: str) -> None:
    known = next((pattern for word, pattern in _WORDS.get(name, ()) if word.lower() == value.lower()), None)
    if not value.strip() or not ((known is not None and known.search(words)) or _plain(value) in _plain(words)):
        raise _RefusedError(f"its value “{value}” is not in its quote")


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def _text(item: Mapping[str, Any], key: str) -> str | None:
    value = item.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
        raise _RefusedError(f"its {key} is no text")
    return value
