"""The answerer with a language model: one question a call, scored or kept to a form, and checked.

Invariant: options are scored, never parsed out of a text, and in two orders, because small models like whatever stands
at one place. One that is not clearly ahead is no answer. A form or a text that fails its check is asked for again with
what was wrong, at most twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...models.engine import (
    CallCancelled,
    CannotScore,
    Engine,
    EngineDied,
    EngineError,
    Finish,
    Identity,
    Limits,
    Message,
    NotAsAsked,
    Role,
)
from ...store.decisions import AnsweredBy
from .numbers import unfounded_number
from .prompts import FORM, PROSE, asked, shown_evidence
from .question import Check, Choice, Form, Prose, Question, Reply

LEAST_MARGIN = 0.2
"""In probability, between the best option and the next. With less, the model abstains."""
MOST_RETRIES = 2
_FORM_TOKENS = 512


@dataclass(frozen=True, slots=True)
class ModelAnswerer:
    """Answers by an engine."""

    engine: Engine
    checks: Mapping[str, Check] = field(default_factory=dict)
    by: AnsweredBy = AnsweredBy.MODEL

    @property
    def identity(self) -> Identity | None:
        """Which model this is; ``None`` while a server does not say."""
        try:
            return self.engine.identity
        except EngineError:
            return None

    def answer(self, question: Question) -> Reply:
        """One decision; what the engine cannot do becomes no answer, with the reason."""
        began = time.monotonic()
        try:
            try:
                reply = self._answer(question)
            except EngineDied:
                reply = self._answer(question)  # once more, with a new worker
        except EngineError as error:
            reply = Reply(None, problem=str(error))
        seconds = time.monotonic() - began
        return Reply(reply.answer, reply.reason, reply.scores, reply.attempts, reply.problem, seconds)

    def _answer(self, question: Question) -> Reply:
        match question:
            case Choice():
                return self._choose(question)
            case Form():
                return self._fill(question)
            case Prose():
                return self._write(question)

    def _choose(self, question: Choice) -> Reply:
        try:
            scores = _mean(self._scores(question, question.names), self._scores(question, question.names[::-1]))
        except CallCancelled:
            raise
        except CannotScore:
            return self._choose_unscored(question)
        best, second, *_ = sorted(scores.values(), reverse=True)
        if best - second < LEAST_MARGIN:
            return Reply(None, scores=scores, problem=f"the best option is only {best - second:.2f} ahead")
        return Reply(max(scores, key=scores.__getitem__), scores=scores)

    def _scores(self, question: Choice, order: Sequence[str]) -> dict[str, float]:
        scored = self.engine.score(asked(question, order), order)
        return dict(zip(order, scored.probabilities, strict=True))

    def _choose_unscored(self, question: Choice) -> Reply:
        """Asked for, where a server tells no probabilities: a choice that it makes, of which nobody knows how sure."""
        schema = {"type": "object", "properties": {"choice": {"enum": list(question.names)}}}
        reply = self._attempts(question, schema, asked(question, question.names, FORM))
        return Reply(None if reply.answer is None else json.loads(reply.answer)["choice"], None, None, reply.attempts,
                     reply.problem)  # fmt: skip

    def _fill(self, question: Form) -> Reply:
        return self._attempts(question, question.schema, asked(question, (), FORM))

    def _write(self, question: Prose) -> Reply:
        return self._attempts(question, None, asked(question, (), PROSE))

    def _attempts(
        self, question: Question, schema: Mapping[str, Any] | None, messages: tuple[Message, ...]
    ) -> Reply:
        """Ask, and again with what was wrong."""
        problem: str | None = None
        for attempt in range(1, MOST_RETRIES + 2):
            text, problem = self._attempt(question, schema, messages, attempt)
            if problem is None:
                return Reply(text, attempts=attempt)
            again = f"That cannot be used: {problem}. Answer again, in the same form."
            messages = (*messages, Message(Role.ASSISTANT, text or "…"), Message(Role.USER, again))
        return Reply(None, attempts=MOST_RETRIES + 1, problem=problem)

    def _attempt(
        self, question: Question, schema: Mapping[str, Any] | None, messages: Sequence[Message], attempt: int
    ) -> tuple[str, str | None]:
        """The text, and what is wrong with it."""
        tokens = question.tokens if isinstance(question, Prose) else _FORM_TOKENS
        # The likeliest answer would come again word for word; so a second attempt is drawn.
        limits = Limits(tokens=tokens, temperature=0.0 if attempt == 1 else 0.7, seed=attempt)
        try:
            generated = self.engine.generate(messages, limits=limits, schema=schema)
        except NotAsAsked as error:
            return "", str(error)
        if generated.finish is Finish.CANCELLED:
            raise CallCancelled("It was cancelled.")
        text = generated.text.strip()
        if generated.finish is not Finish.COMPLETE:
            return text, f"it did not come to its end ({generated.finish})"
        if not text:
            return text, "it is empty"
        return text, self._problem(question, text if schema is None else json.loads(text))

    def _problem(self, question: Question, value: Any) -> str | None:
        """What is wrong with an answer of the right form. A text never has a number that nobody measured."""
        if isinstance(question, Prose):
            unfounded = unfounded_number(value, f"{shown_evidence(question)}\n{question.words}")
            if unfounded is not None:
                return f"the number {unfounded} does not stand in the evidence"
        check = self.checks.get(question.kind)
        return None if check is None else check(question, value)


def _mean(*scores: Mapping[str, float]) -> dict[str, float]:
    return {name: sum(one[name] for one in scores) / len(scores) for name in scores[0]}
