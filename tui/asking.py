"""Who answers in a conversation here: the person's model where there is one that runs, and the built-in rules.

Invariant: that there is no model is said plainly, and never stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models.engine import Engine
from ..planner.agent.deciding import Decider
from ..planner.agent.rules import RulesDecider
from ..store import Store


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers, in the order in which they are asked."""

    deciders: Sequence[Decider]
    words: str
    """Who that is, for a person."""
    model: str | None = None
    why_rules: str | None = None
    """Why no model answers."""
    engine: Engine | None = None

    def close(self) -> None:
        """Let go of the model."""
        if self.engine is not None:
            self.engine.close()


def answering(store: Store, home: Path, *, only_rules: bool = False) -> Answering:
    """Whoever can answer; the model is opened and not yet loaded."""
    return by_rules("you asked for the rules" if only_rules else "no model is chosen")


def by_rules(why: str) -> Answering:
    """The rules alone."""
    return Answering((RulesDecider(),), f"the built-in rules answer, no model: {why}", why_rules=why)
