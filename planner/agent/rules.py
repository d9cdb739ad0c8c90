"""The built-in decider: what a person writes is taken to one tool by a few patterns, and what it found is the answer.

Invariant: a pure function of the messages and of which files are there. What fits no pattern is told as such, with
what can be asked; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...models.engine import Identity
from ...store.conversations import Author, Message, MessageKind
from .deciding import Decision, Interrupted, NoDecision
from .routes import route
from .tool import Surroundings
from .tools.person import REPLY
from .turn import this_turn


@dataclass(frozen=True, slots=True)
class RulesDecider:
    """Decides by rules."""

    author: Author = Author.RULES
    identity: Identity | None = None

    def decide(
        self,
        surroundings: Surroundings,
        messages: Sequence[Message],
        hear: Callable[[str], None],
        is_interrupted: Callable[[], bool],
    ) -> Decision | NoDecision | Interrupted:
        """The tool that the person's words ask for. Where a model began the turn and left, only its end."""
        turn = this_turn(messages)
        if any(one.kind is MessageKind.RESULT for one in turn):
            return Decision(REPLY, {"text": "What was found stands above; the rules add nothing to it."})
        return route(surroundings, turn[0].text)

    def cancel(self) -> None:
        """Rules take no time."""

