"""Conversations: what a person said, which tools were called, what came of each call.

Invariant: messages are appended and never changed. Each has the next number of its conversation: of two programs that
go on with one conversation at the same moment, the second is refused and has stored nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from .area import Area
from .codec import Shape
from .errors import NotFound
from .events import Events
from .records import Json


class MessageKind(StrEnum):
    """What a message is."""

    SAID = "said"
    """A person's words."""
    CALL = "call"
    """A tool with its arguments, before it is used."""
    RESULT = "result"
    """What came of a call."""
    NOTE = "note"
    """What the program says of the conversation itself: interrupted, stopped, the model is gone."""


class Author(StrEnum):
    """Whose message it is."""

    PERSON = "person"
    RULES = "rules"
    MODEL = "model"
    PROGRAM = "program"


class Outcome(StrEnum):
    """What came of a call."""

    DONE = "done"
    REFUSED = "refused"
    """It is not allowed; the text says why."""
    FAILED = "failed"
    """It is allowed and could not be done."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, about what lies in one folder."""

    id: int
    workspace: Path
    created_at: float


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    id: int
    conversation_id: int
    number: int
    """Its place in the conversation, from 1."""
    kind: MessageKind
    author: Author
    text: str
    """What was said, found or noted; data from files, logs and models as it came."""
    tool: str | None
    arguments: Json | None
    answers: int | None
    """The id of the call that a result belongs to."""
    outcome: Outcome | None
    facts: Json
    """What a program may rely on: proposals, what to do next, how many attempts it took."""
    model: str | None
    model_fingerprint: str | None
    created_at: float


_CONVERSATION, _MESSAGE = Shape(Conversation), Shape(Message)


class Conversations(Area):
    """The conversations by their number, and their messages in order."""

    def begin(self, workspace: Path) -> Conversation:
        """A new one."""
        values = {"workspace": workspace, "created_at": time.time()}
        return self.get(self._database.insert("conversations", values))

    def get(self, conversation_id: int) -> Conversation:
        """One of them. Raises :class:`NotFound`."""
        row = self._database.row(f"SELECT {_CONVERSATION.columns} FROM conversations WHERE id = ?", (conversation_id,))
        if row is None:
            raise NotFound(f"There is no conversation {conversation_id}.", "`mlintern ask` without words lists them.")
        return _CONVERSATION.load(row)

    def recent(self, limit: int = 20) -> tuple[Conversation, ...]:
        """The newest in which something was said, newest first."""
        rows = self._database.rows(
            f"SELECT {_CONVERSATION.columns} FROM conversations"
            " WHERE id IN (SELECT conversation_id FROM messages) ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return tuple(map(_CONVERSATION.load, rows))

    def messages(self, conversation_id: int, *, after: int = 0) -> tuple[Message, ...]:
        """Its messages beyond a number, in order."""
        rows = self._database.rows(
            f"SELECT {_MESSAGE.columns} FROM messages WHERE conversation_id = ? AND number > ? ORDER BY number",
            (conversation_id, after),
        )
        return tuple(map(_MESSAGE.load, rows))

    def append(
        self,
        conversation_id: int,
        number: int,
        kind: MessageKind,
        author: Author,
        text: str,
        *,
        tool: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        answers: int | None = None,
        outcome: Outcome | None = None,
        facts: Mapping[str, Any] | None = None,
        model: str | None = None,
        model_fingerprint: str | None = None,
    ) -> Message:
        """Store the next message; a refusal is an event too. Raises ``StoreRefused`` where its place is taken."""
        values = {
            "conversation_id": conversation_id,
            "number": number,
            "kind": str(kind),
            "author": str(author),
            "text": text,
            "tool": tool,
            "arguments": arguments,
            "answers": answers,
            "outcome": None if outcome is None else str(outcome),
            "facts": facts or {},
            "model": model,
            "model_fingerprint": model_fingerprint,
            "created_at": time.time(),
        }
        with self._database.transaction():
            message_id = self._database.insert("messages", values)
            if outcome is Outcome.REFUSED:
                Events(self._database).append(
                    "agent.refused", conversation=conversation_id, message=message_id, tool=tool, why=text
                )
        (row,) = self._database.rows(f"SELECT {_MESSAGE.columns} FROM messages WHERE id = ?", (message_id,))
        return _MESSAGE.load(row)
