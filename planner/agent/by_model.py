"""The decider with a language model: first which tool, then its arguments, then its text where it has one.

Invariant: names and arguments are held to a form while they are generated, and checked afterwards whoever generated
them. What cannot be used is asked for again with the reason, at most twice. A prompt that does not fit is compacted,
never cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...models.engine import (
    CallCancelled,
    Engine,
    EngineDied,
    EngineError,
    Finish,
    Generated,
    Identity,
    Limits,
    NotAsAsked,
    PromptTooLong,
    Role,
)
from ...models.engine import Message as Turn
from ...models.schema import compact, misfit, shape_of
from ...store.conversations import Author, Message, MessageKind
from ..decisions.numbers import unfounded_number
from . import history
from .catalogue import TOOLS, offered
from .deciding import Decision, Interrupted, NoDecision
from .routes import route
from .tool import MOST_PROSE, Surroundings, Tool
from .turn import this_turn

MOST_RETRIES = 2
_TOOL_TOKENS, _ARGUMENT_TOKENS, _PROSE_TOKENS = 32, 512, 700
_NUMBERED = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)

Problem = str | None
Check = Callable[[str], Problem]


class _Unusable(Exception):  # noqa: N818
    """No attempt gave what can be used."""


class _Stopped(Exception):  # noqa: N818
    """The person interrupted it."""


@dataclass(slots=True)
class ModelDecider:
    """Decides by an engine."""

    engine: Engine
    seconds: float = 300.0
    """The most that one answer may take."""
    author: Author = Author.MODEL
    _level: int = 0
    """How far the history is compacted; it stays so, because going back would have all of it read again."""

    @property
    def identity(self) -> Identity | None:
        """Which model this is; ``None`` while a server does not say."""
        try:
            return self.engine.identity
        except EngineError:
            return None

    def cancel(self) -> None:
        """End the decision under way; from any thread."""
        self.engine.cancel()

    def decide(
        self,
        surroundings: Surroundings,
        messages: Sequence[Message],
        hear: Callable[[str], None],
        is_interrupted: Callable[[], bool],
    ) -> Decision | NoDecision | Interrupted:
        """The next call."""
        try:
            while True:
                try:
                    return _Deciding(self, surroundings, messages, hear, is_interrupted).decision()
                except PromptTooLong as error:
                    if self._level + 1 == len(history.LEVELS):
                        return NoDecision(str(error))
                    self._level += 1
        except _Stopped:
            return Interrupted()
        except _Unusable as error:
            return NoDecision(f"the model's answer could not be used: {error}")
        except EngineError as error:
            return NoDecision(str(error))

    @property
    def level(self) -> int:
        """How far the history is compacted."""
        return self._level


@dataclass(slots=True)
class _Deciding:
    """One decision being made."""

    decider: ModelDecider
    surroundings: Surroundings
    messages: Sequence[Message]
    hear: Callable[[str], None]
    is_interrupted: Callable[[], bool]
    attempts: int = 0
    used: list[Generated] = field(default_factory=list)

    def decision(self) -> Decision:
        """The tool, its arguments, its text."""
        tools = offered(self.surroundings)
        turns = [history.system(tools), *history.told(self.messages, self.decider.level)]
        tool = self._tool(turns, tools)
        turns.append(Turn(Role.ASSISTANT, history.named(tool.name)))
        arguments: dict[str, Any] = {}
        if tool.schema is not None:
            turns.append(history.ask_arguments(tool))
            text = self._answer(turns, tool.schema, _ARGUMENT_TOKENS, _fits(tool.schema))
            turns.append(Turn(Role.ASSISTANT, text))
            arguments = json.loads(text)
        if tool.prose is not None:
            turns.append(history.ask_prose(tool))
            arguments["text"] = self._answer(turns, None, _PROSE_TOKENS, self._prose_check(tool))
        return Decision(tool.name, arguments, {**self._figures(), **self._rules_would()})

    def _tool(self, turns: Sequence[Turn], tools: Sequence[Tool]) -> Tool:
        schema = {"type": "object", "properties": {"tool": {"enum": [tool.name for tool in tools]}}}
        return TOOLS[json.loads(self._answer(turns, schema, _TOOL_TOKENS, _fits(schema)))["tool"]]

    def _answer(self, turns: Sequence[Turn], schema: Mapping[str, Any] | None, tokens: int, check: Check) -> str:
        """What the model says, once it can be used."""
        asked, problem = list(turns), ""
        for attempt in range(MOST_RETRIES + 1):
            self.attempts += 1
            self.hear("")
            # The likeliest answer would come again word for word; so a second attempt is drawn.
            temperature = 0.0 if attempt == 0 else 0.7
            limits = Limits(tokens=tokens, seconds=self.decider.seconds, temperature=temperature, seed=attempt)
            text, wrong = self._attempt(asked, limits, schema, check)
            if wrong is None:
                return text
            problem = wrong
            again = f"That cannot be used: {wrong}. Answer again, in the same form."
            asked += [Turn(Role.ASSISTANT, text or "…"), Turn(Role.USER, again)]
        raise _Unusable(problem)

    def _attempt(
        self, turns: Sequence[Turn], limits: Limits, schema: Mapping[str, Any] | None, check: Check
    ) -> tuple[str, Problem]:
        try:
            generated = self._generate(turns, limits, schema)
        except NotAsAsked as error:
            return "", str(error)
        self.used.append(generated)
        if generated.finish is Finish.SECONDS:
            raise _Unusable(f"it took longer than {limits.seconds:g} s")
        text = generated.text.strip()
        if generated.finish is not Finish.COMPLETE:
            return text, f"it did not come to its end ({generated.finish})"
        return text, check(text)

    def _generate(self, turns: Sequence[Turn], limits: Limits, schema: Mapping[str, Any] | None) -> Generated:
        """One answer; a worker that dies, or leaves for a run, is started once more."""
        engine, died = self.decider.engine, "The model had to leave twice, for a run or for another program."
        for _ in range(2):
            if self.is_interrupted():
                raise _Stopped
            try:
                generated = engine.generate(turns, limits=limits, schema=schema, on_text=self._hear)
            except CallCancelled:
                raise _Stopped from None
            except EngineDied as error:
                died = str(error)
                continue
            if self.is_interrupted():
                raise _Stopped
            if generated.finish is not Finish.CANCELLED:
                return generated
        raise EngineDied(died)

    def _hear(self, text: str) -> None:
        self.hear(text)
        if self.is_interrupted():
            self.decider.engine.cancel()  # again: the first may have come before the call had begun

    def _prose_check(self, tool: Tool) -> Check:
        """A reply has no number that nobody measured; a change of code is checked by its tool."""

        def check(text: str) -> Problem:
            if not text:
                return "it is empty"
            if len(text) > MOST_PROSE:
                return "it is too long"
            if tool.properties:
                return None
            evidence = "\n".join(_evidence(self.messages))
            unfounded = unfounded_number(_NUMBERED.sub("", text), evidence)
            return None if unfounded is None else f"the number {unfounded} was not found by any tool"

        return check

    def _figures(self) -> dict[str, Any]:
        """How many attempts it took, and how much of the prompts was still there from before."""
        prompts = [one.prompt_tokens for one in self.used]
        evaluated = [one.prompt_evaluated for one in self.used]
        figures: dict[str, Any] = {"attempts": self.attempts, "compaction": self.decider.level}
        if all(one is not None for one in (*prompts, *evaluated)):
            figures["prompt_tokens"] = sum(one or 0 for one in prompts)
            figures["prompt_evaluated"] = sum(one or 0 for one in evaluated)
        return figures

    def _rules_would(self) -> dict[str, Any]:
        """What the rules would have called at the beginning of the turn, so that a person sees where they differ."""
        turn = this_turn(self.messages)
        if len(turn) != 1:
            return {}
        return {"rules": route(self.surroundings, turn[0].text).tool}


def _fits(schema: Mapping[str, Any]) -> Check:
    shape = shape_of(schema)

    def check(text: str) -> Problem:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return "it is no JSON"
        return misfit(shape, value)

    return check


def _evidence(messages: Sequence[Message]) -> Iterator[str]:
    """What a number may come from: what tools found, and what the person said."""
    for one in messages:
        if one.kind in (MessageKind.RESULT, MessageKind.SAID):
            yield one.text
        elif one.kind is MessageKind.CALL and one.author is not Author.MODEL:
            yield compact(dict(one.arguments or {}))
