"""What a tool is: a name, what it does, the form of its arguments, what it may touch, and a function that only looks.

Invariant: using a tool changes no file. It reads, and what it answers is stored by the loop as a message; a proposal
is on record besides, for a person to take up elsewhere or not. What is not allowed raises ``RefusedError``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ...models.schema import misfit, shape_of
from ...store import Store
from .workspace import Workspace

Arguments = Mapping[str, Any]


class Touches(StrEnum):
    """What a tool may look at; none can write."""

    NOTHING = "nothing"
    WORKSPACE = "files of the workspace"
    RECORD = "the record of past runs"
    PERSON = "the person, who decides"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What tools work on."""

    store: Store
    workspace: Workspace
    conversation_id: int

    def targets(self) -> tuple[Mapping[str, Any], ...]:
        """The numbers to reach, of all papers and tasks that were read in this conversation."""
        messages = self.store.conversations.messages(self.conversation_id)
        papers = {one.facts["paper"]: one.facts["targets"] for one in messages if "targets" in one.facts}
        return tuple(target for targets in papers.values() for target in targets)


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool answers."""

    text: str
    """For the model and for the person."""
    next: tuple[str, ...] = ()
    """What a person can do about it, each in one line."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What a program may rely on, such as a proposal."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    name: str
    does: str
    """One sentence for the model, without its full stop."""
    properties: Mapping[str, Mapping[str, Any]]
    """The arguments by name, each with its JSON Schema; all are required."""
    touches: Touches
    act: Callable[[Surroundings, Arguments], Found]
    prose: str | None = None
    """What is asked for as free text after the arguments, because text and code are never put inside JSON; it becomes
    the argument ``text``."""
    ends_turn: bool = False
    """Whether it is the person's turn once it was done."""
    is_useful: Callable[[Surroundings], bool] = lambda surroundings: True
    """Whether it is worth offering to a model now."""

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The JSON Schema of the arguments; ``None`` where there are none."""
        return {"type": "object", "properties": dict(self.properties)} if self.properties else None

    def misfit(self, arguments: Arguments) -> str | None:
        """What is wrong with the form of some arguments."""
        given = dict(arguments)
        text = given.pop("text", None) if self.prose is not None else ""
        if not isinstance(text, str) or len(text) > MOST_PROSE:
            return f"the text is missing, or longer than {MOST_PROSE} characters"
        if self.schema is None:
            return "it takes no arguments" if given else None
        return misfit(shape_of(self.schema), given, "the arguments")


MOST_PROSE = 20_000
PATH = {"type": "string", "minLength": 1, "maxLength": 300, "description": "a path inside the workspace"}
RUN = {"type": "integer", "minimum": 1, "maximum": 10**9, "description": "the number of a run"}
