"""Who answers in a conversation here: the person's model where there is one that runs, and the built-in rules.

Invariant: that there is no model is said plainly, and never stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models.engine import Engine, EngineError
from ..planner import model_setting
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
    """Whoever can answer; the model is tried where it never was, and loaded when it is first asked."""
    if only_rules:
        return by_rules("you asked for the rules")
    setting = model_setting.known(home)
    if setting.path is None and setting.server is None:
        return by_rules(setting.why_none or "no model is chosen")
    from ..planner.agent.by_model import ModelDecider
    from ..planner.local_model import open_engine

    try:
        engine = open_engine(store, home, setting)
        name = engine.identity.name
    except EngineError as error:
        return by_rules(str(error))
    words = f"{name} answers, and calls the tools; what it says is checked, and may still be wrong"
    return Answering((ModelDecider(engine), RulesDecider()), words, name, engine=engine)


def by_rules(why: str) -> Answering:
    """The rules alone."""
    return Answering((RulesDecider(),), f"the built-in rules answer, no model: {why}", why_rules=why)
