"""Where a conversation stands: what comes next is a pure function of its messages.

Invariant: so a crash at any moment loses nothing: whoever opens the conversation again goes on at the same step. A
call that has no result yet is made (again: tools only look); a turn that has ended waits for the person.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from ...store.conversations import Author, Message, MessageKind, Outcome
from .catalogue import TOOLS

MOST_CALLS = 16
"""Calls in one turn."""
MOST_SAME = 3
"""The same tool with the same arguments and the same result: the third time ends the turn."""


class Rest(Enum):
    """It is the person's turn."""

    REST = "rest"


@dataclass(frozen=True, slots=True)
class Decide:
    """Somebody has to say what is done next."""


@dataclass(frozen=True, slots=True)
class Act:
    """A call has no result yet."""

    call: Message


@dataclass(frozen=True, slots=True)
class Stop:
    """The turn is ended by the program, because of what it did."""

    why: str


Step: TypeAlias = Rest | Decide | Act | Stop


def next_step(messages: Sequence[Message]) -> Step:
    """What comes next."""
    if not messages:
        return Rest.REST
    last = messages[-1]
    if last.kind is MessageKind.CALL:
        return Act(last)
    if last.facts.get("ends_turn") or _is_end(last):
        return Rest.REST
    turn = this_turn(messages)
    if last.kind is MessageKind.RESULT and any(one.id == last.answers and _is_by_rules(one) for one in turn):
        return Rest.REST  # the rules make one call a turn: what it found is their answer
    repeated = _repeated(turn)
    if repeated is not None:
        return Stop(f"{repeated} was called {MOST_SAME} times with the same result, so the turn was ended")
    if sum(one.kind is MessageKind.CALL for one in turn) >= MOST_CALLS:
        return Stop(f"{MOST_CALLS} calls in one turn are the most, so it was ended")
    return Decide()


def this_turn(messages: Sequence[Message]) -> Sequence[Message]:
    """The messages since the person last spoke, their words first."""
    at = max((index for index, one in enumerate(messages) if one.kind is MessageKind.SAID), default=0)
    return messages[at:]


def _is_end(last: Message) -> bool:
    tool = TOOLS.get(last.tool or "")
    return last.kind is MessageKind.RESULT and tool is not None and tool.ends_turn and last.outcome is Outcome.DONE


def _is_by_rules(call: Message) -> bool:
    return call.author is Author.RULES


def _repeated(turn: Sequence[Message]) -> str | None:
    """The tool that goes round in a circle, whatever is said meanwhile."""
    calls = {one.id: one for one in turn if one.kind is MessageKind.CALL}
    seen: Counter[tuple[str, str, str]] = Counter()
    for one in turn:
        call = calls.get(one.answers or 0)
        if call is not None:
            seen[(call.tool or "", json.dumps(call.arguments, sort_keys=True), one.text)] += 1
    return next((name for (name, _, _), times in seen.items() if times >= MOST_SAME), None)
