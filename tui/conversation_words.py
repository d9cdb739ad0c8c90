"""A conversation in lines for a person and as JSON, each message by itself.

Invariant: whatever a file, a log or a model said leaves here without control codes.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from ..planner.agent.catalogue import TOOLS
from ..store.conversations import Author, Message, MessageKind, Outcome
from .text import clean

Inked = tuple[str, str]
"""A line, and the name of its ink."""


def message_lines(message: Message) -> Iterator[Inked]:
    """One message."""
    match message.kind:
        case MessageKind.SAID:
            yield from _spoken("you", message.text, "strong")
        case MessageKind.CALL if "text" in (message.arguments or {}) and _is_speech(message):
            yield from _spoken(_who(message), str((message.arguments or {})["text"]), "")
        case MessageKind.CALL:
            yield f"→ {call_words(message)}", "accent"
            other = message.facts.get("rules")
            if other is not None and other != message.tool:
                yield f"  the rules would have taken {clean(str(other))}", "muted"
        case MessageKind.RESULT if message.text:
            yield from _result(message)
        case MessageKind.NOTE:
            yield f"· {clean(message.text)}", "warn"


def call_words(message: Message) -> str:
    """The tool and its arguments, on one line, and who called it."""
    given = (
        f"{name}={shlex.quote(clean(value)) if isinstance(value, str) else clean(str(value))}"
        for name, value in (message.arguments or {}).items()
        if name != "text"
    )
    return " ".join((clean(message.tool or ""), *given, f"({_who(message)})"))


def lines(messages: Sequence[Message]) -> Iterator[str]:
    """All of them as text."""
    for message in messages:
        yield from (line for line, _ in message_lines(message))


def content(message: Message) -> dict[str, Any]:
    """The JSON form."""
    return {
        "number": message.number,
        "kind": str(message.kind),
        "by": str(message.author),
        "model": None if message.model is None else clean(message.model),
        "text": _cleaned(message.text),
        "tool": None if message.tool is None else clean(message.tool),
        "arguments": None if message.arguments is None else _plain(message.arguments),
        "outcome": None if message.outcome is None else str(message.outcome),
        "facts": _plain(message.facts),
    }


def _is_speech(message: Message) -> bool:
    tool = TOOLS.get(message.tool or "")
    return tool is not None and not tool.properties


def _who(message: Message) -> str:
    return clean(message.model or "model") if message.author is Author.MODEL else str(message.author)


def _spoken(who: str, text: str, ink: str) -> Iterator[Inked]:
    first, *more = [clean(line) for line in text.split("\n")]
    yield f"{who}: {first}", ink
    yield from ((f"  {line}", ink) for line in more)


def _result(message: Message) -> Iterator[Inked]:
    sign, ink = {Outcome.REFUSED: ("✗ refused: ", "bad"), Outcome.FAILED: ("! ", "warn")}.get(
        message.outcome or Outcome.DONE, ("", "")
    )
    first, *more = [clean(line) for line in message.text.split("\n")]
    yield f"  {sign}{first}", ink
    yield from ((f"  {line}", ink) for line in more)
    yield from ((f"  next: {clean(str(line))}", "muted") for line in message.facts.get("next", ()))


def _cleaned(text: str) -> str:
    return "\n".join(clean(line) for line in text.split("\n"))


def _plain(value: Any) -> Any:
    """JSON without control codes or lone surrogates, at any depth."""
    if isinstance(value, str):
        return _cleaned(value)
    if isinstance(value, dict):
        return {_cleaned(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return value
