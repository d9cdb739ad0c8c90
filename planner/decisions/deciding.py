"""Deciding: the question is recorded, everyone who can is asked, and what holds is worked out from the record.

Invariant: the record comes first: a question is stored before it is asked, and each answer as soon as it is there, so
that a worker that dies takes nothing along. What a person says holds. Otherwise the model's answer holds where it is
sure and the rules' where it is not, and where they disagree both are kept and shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...store import Store
from ...store.decisions import Answer, AnsweredBy, Asked
from .question import Answerer, Choice, Form, Option, Prose, Question, Reply


class BadOverruling(ValueError):  # noqa: N818
    """An answer of a person that the question does not allow."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A question with its answers."""

    asked: Asked
    question: Question
    answers: tuple[Answer, ...]

    @property
    def holds(self) -> Answer | None:
        """The answer that holds; ``None`` where nobody could tell."""
        for by in (AnsweredBy.PERSON, AnsweredBy.MODEL, AnsweredBy.RULES):
            given = self._of(by)
            if given is not None:
                return given
        return None

    @property
    def disagrees(self) -> bool:
        """Whether rules and model give different answers."""
        rules, model = self._of(AnsweredBy.RULES), self._of(AnsweredBy.MODEL)
        return rules is not None and model is not None and rules.answer != model.answer

    def _of(self, by: AnsweredBy) -> Answer | None:
        given = [one for one in self.answers if one.answered_by is by and one.answer is not None]
        return given[-1] if given else None


def decide(
    store: Store,
    question: Question,
    answerers: Sequence[Answerer],
    *,
    experiment_id: int | None = None,
    run_id: int | None = None,
) -> Decided:
    """Ask everyone and record it."""
    asked = store.decisions.ask(
        kind=question.kind,
        asked=_as_json(question),
        evidence=dict(question.evidence),
        experiment_id=experiment_id,
        run_id=run_id,
    )
    for answerer in answerers:
        _record(store, asked.id, answerer, answerer.answer(question))
    return decided(store, asked.id)


def decided(store: Store, decision_id: int) -> Decided:
    """What the record says of one decision."""
    asked = store.decisions.get(decision_id)
    return Decided(asked, question_of(asked), store.decisions.answers(decision_id))


def overrule(store: Store, decision_id: int, answer: str, *, reason: str | None = None) -> Decided:
    """A person's answer, which holds from now on. Raises :class:`BadOverruling`."""
    question = question_of(store.decisions.get(decision_id))
    if isinstance(question, Choice) and answer not in question.names:
        raise BadOverruling(f"“{answer}” is none of the options: {', '.join(question.names)}.")
    store.decisions.answer(decision_id, by=AnsweredBy.PERSON, answer=answer, reason=reason)
    return decided(store, decision_id)


def replay(store: Store, decision_id: int, answerer: Answerer) -> Reply:
    """Ask the recorded question again, exactly as it was; nothing is recorded."""
    return answerer.answer(question_of(store.decisions.get(decision_id)))


def question_of(asked: Asked) -> Question:
    """The question that a record holds."""
    content, evidence = asked.asked, asked.evidence
    match content["form"]:
        case "choice":
            options = tuple(Option(one["name"], one["meaning"]) for one in content["options"])
            return Choice(asked.kind, content["words"], options, evidence)
        case "form":
            return Form(asked.kind, content["words"], content["schema"], evidence)
        case _:
            return Prose(asked.kind, content["words"], evidence, content["tokens"])


def words(decisions: Iterable[Decided]) -> tuple[str, ...]:
    """One line for each answer, for a person: who said what, how sure, and whether it holds."""
    return tuple(_line(one, answer) for one in decisions for answer in one.answers)


def _line(one: Decided, answer: Answer) -> str:
    who = str(answer.answered_by) if answer.model is None else f"{answer.answered_by} ({answer.model})"
    holds = ", which holds" if one.holds is not None and one.holds.id == answer.id and one.disagrees else ""
    if answer.answer is None:
        return f"{who}: no answer, {answer.problem}"
    sure = (answer.scores or {}).get(answer.answer)
    return f"{who}: {answer.answer}{f' ({sure:.0%})' if sure is not None else ''}{holds}"


def _record(store: Store, decision_id: int, answerer: Answerer, reply: Reply) -> None:
    identity = answerer.identity
    store.decisions.answer(
        decision_id,
        by=answerer.by,
        answer=reply.answer,
        reason=reply.reason,
        scores=None if reply.scores is None else dict(reply.scores),
        attempts=reply.attempts,
        problem=reply.problem,
        seconds=reply.seconds,
        model=None if identity is None else identity.name,
        model_fingerprint=None if identity is None else identity.fingerprint,
    )


def _as_json(question: Question) -> dict[str, object]:
    match question:
        case Choice():
            options = [{"name": option.name, "meaning": option.meaning} for option in question.options]
            return {"form": "choice", "words": question.words, "options": options}
        case Form():
            return {"form": "form", "words": question.words, "schema": json.loads(json.dumps(question.schema))}
        case Prose():
            return {"form": "prose", "words": question.words, "tokens": question.tokens}
