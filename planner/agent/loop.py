"""The loop: decide, store, act, store, until it is the person's turn again.

Invariant: a message is stored before anything is done about it. Whatever a decider says, only what the tool's table
allows is done; the rest becomes a refusal, which is stored, shown and handed back as an answer. Where the model cannot
answer, the rules do, and it is said.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...store import StoreError
from ...store.conversations import Author, Message, MessageKind, Outcome
from .catalogue import TOOLS
from .deciding import Decider, Decision, Interrupted, NoDecision
from .tool import Found, Surroundings
from .turn import Act, Decide, Rest, Stop, next_step
from .workspace import FailedError, RefusedError

MOST_RESULT = 8_000
"""Characters of one result."""
MOST_SAID = 20_000
INTERRUPTED = "interrupted by the person"


def _nobody(message: Message) -> None:
    pass


def _unheard(text: str) -> None:
    pass


@dataclass(slots=True)
class Loop:
    """One conversation that goes on. It belongs to one thread; ``interrupt`` may be called from any."""

    surroundings: Surroundings
    deciders: Sequence[Decider]
    """In the order in which they are asked; the last one always knows something."""
    on_message: Callable[[Message], None] = _nobody
    on_text: Callable[[str], None] = _unheard
    _messages: list[Message] = field(default_factory=list)
    _is_interrupted: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        conversations = self.surroundings.store.conversations
        self._messages = list(conversations.messages(self.surroundings.conversation_id))

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of them so far."""
        return tuple(self._messages)

    def say(self, text: str) -> None:
        """The person's words, and everything that follows from them."""
        self._is_interrupted.clear()
        self._finish_what_is_open()
        self._append(MessageKind.SAID, Author.PERSON, bounded(text, MOST_SAID))
        self.go_on()

    def go_on(self) -> None:
        """Until it is the person's turn; at once where it is."""
        while True:
            step = next_step(self._messages)
            if step is Rest.REST:
                return
            if self._is_interrupted.is_set() and not isinstance(step, Act):
                self._end(INTERRUPTED)
                return
            match step:
                case Stop(why=why):
                    self._end(why)
                case Act(call=call):
                    self._act(call)
                case Decide():
                    self._decide()

    def interrupt(self) -> None:
        """End the turn as soon as can be; from any thread."""
        self._is_interrupted.set()
        for decider in self.deciders:
            decider.cancel()

    def _finish_what_is_open(self) -> None:
        """A turn that a crash left open ends with what it has, when the person says something new."""
        step = next_step(self._messages)
        if isinstance(step, Act):
            self._act(step.call)
        if next_step(self._messages) is not Rest.REST:
            self._end("the turn was left open and is not gone on with")

    def _decide(self) -> None:
        for index, decider in enumerate(self.deciders):
            decision = decider.decide(self.surroundings, self._messages, self.on_text, self._is_interrupted.is_set)
            if isinstance(decision, Interrupted) or self._is_interrupted.is_set():
                self._end(INTERRUPTED)
                return
            if isinstance(decision, Decision):
                self._call(decider, decision)
                return
            self._say_why(decision, is_last=index == len(self.deciders) - 1)

    def _say_why(self, decision: NoDecision, *, is_last: bool) -> None:
        if is_last:
            self._end(f"nobody could tell what to do next: {decision.why}")
        else:
            self._append(MessageKind.NOTE, Author.PROGRAM, f"the built-in rules answer here: {decision.why}")

    def _call(self, decider: Decider, decision: Decision) -> None:
        identity = decider.identity
        self._append(
            MessageKind.CALL,
            decider.author,
            "",
            tool=decision.tool,
            arguments=dict(decision.arguments),
            facts=dict(decision.facts),
            model=None if identity is None else identity.name,
            model_fingerprint=None if identity is None else identity.fingerprint,
        )

    def _act(self, call: Message) -> None:
        outcome, found = act(self.surroundings, call.tool or "", call.arguments or {})
        self._append(
            MessageKind.RESULT,
            Author.PROGRAM,
            bounded(found.text),
            tool=call.tool,
            answers=call.id,
            outcome=outcome,
            facts={**found.facts, **({"next": list(found.next)} if found.next else {})},
        )

    def _end(self, why: str) -> None:
        self._append(MessageKind.NOTE, Author.PROGRAM, why, facts={"ends_turn": True})

    def _append(self, kind: MessageKind, author: Author, text: str, **more: Any) -> None:
        conversation_id = self.surroundings.conversation_id
        number = len(self._messages) + 1
        message = self.surroundings.store.conversations.append(conversation_id, number, kind, author, text, **more)
        self._messages.append(message)
        self.on_message(message)


def act(surroundings: Surroundings, name: str, arguments: Mapping[str, Any]) -> tuple[Outcome, Found]:
    """Use a tool; whatever was asked for, the answer is a result."""
    tool = TOOLS.get(name)
    if tool is None:
        return Outcome.REFUSED, Found(f"there is no tool {name[:100]}")
    problem = tool.misfit(arguments)
    if problem is not None:
        return Outcome.REFUSED, Found(f"{name}: {problem}")
    try:
        return Outcome.DONE, tool.act(surroundings, arguments)
    except RefusedError as error:
        return Outcome.REFUSED, Found(str(error))
    except (FailedError, StoreError, OSError) as error:
        return Outcome.FAILED, Found(str(error))
    except Exception as error:  # noqa: BLE001 - a tool's boundary: files are foreign, and the conversation goes on
        return Outcome.FAILED, Found(f"{name} failed on this: {type(error).__name__}: {error}")


def bounded(text: str, most: int = MOST_RESULT) -> str:
    """At most so many characters of a text, which then says what was left out."""
    return text if len(text) <= most else f"{text[:most]}\n… ({len(text) - most} characters more)"
