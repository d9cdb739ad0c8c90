"""What is decided at each step, and by whom.

Invariant: a decision is one call of one tool. Whoever decides never raises for not knowing: it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...models.engine import Identity
from ...store.conversations import Author, Message
from .tool import Surroundings


@dataclass(frozen=True, slots=True)
class Decision:
    """A call that is to be made."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """How it came about: attempts, tokens."""


@dataclass(frozen=True, slots=True)
class NoDecision:
    """Nobody could tell."""

    why: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The person interrupted it."""


class Decider(Protocol):
    """Rules, or a model."""

    @property
    def author(self) -> Author:
        """Who this is."""

    @property
    def identity(self) -> Identity | None:
        """Which model, where it is one."""

    def decide(
        self,
        surroundings: Surroundings,
        messages: Sequence[Message],
        hear: Callable[[str], None],
        is_interrupted: Callable[[], bool],
    ) -> Decision | NoDecision | Interrupted:
        """The next call. ``hear`` gets what is generated as it comes; an empty text begins anew."""

    def cancel(self) -> None:
        """End the decision under way; from any thread."""
