"""A question that has to be decided, and an answer to it.

Invariant: a question is a value that can be stored and asked again: its words, what may be answered, and the evidence.
Evidence is data from files and logs; it is shown, never obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from ...models.engine import Identity
from ...store.decisions import AnsweredBy

MOST_OPTIONS = 8
"""More than a few at once is more than a small model can weigh."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be chosen: a short name, and what it means."""

    name: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few options."""

    kind: str
    words: str
    options: tuple[Option, ...]
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = {option.name for option in self.options}
        if not 2 <= len(self.options) <= MOST_OPTIONS or len(names) != len(self.options) or "" in names:
            raise ValueError(f"a choice has 2 to {MOST_OPTIONS} options with different names")

    @property
    def names(self) -> tuple[str, ...]:
        """What may be answered."""
        return tuple(option.name for option in self.options)


@dataclass(frozen=True, slots=True)
class Form:
    """A few typed fields, by a JSON Schema of the part that ``models/schema.py`` knows. Never for prose or code."""

    kind: str
    words: str
    schema: Mapping[str, Any]
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prose:
    """A short free text, where that is the point."""

    kind: str
    words: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    tokens: int = 400


Question: TypeAlias = Choice | Form | Prose


@dataclass(frozen=True, slots=True)
class Reply:
    """What someone answers; no answer is an answer too, with its reason."""

    answer: str | None
    """An option's name, a text, or compact JSON."""
    reason: str | None = None
    scores: Mapping[str, float] | None = None
    attempts: int = 1
    problem: str | None = None
    """Why there is no answer."""
    seconds: float | None = None


Check: TypeAlias = Callable[[Question, Any], str | None]
"""What is wrong with a value that has the right form, in words that help to mend it; ``None`` where nothing is."""


class Answerer(Protocol):
    """Whoever can be asked. Never raises for a question that it cannot answer: it says so."""

    @property
    def by(self) -> AnsweredBy:
        """Who this is."""

    @property
    def identity(self) -> Identity | None:
        """Which model, where it is one."""

    def answer(self, question: Question) -> Reply:
        """The answer."""
