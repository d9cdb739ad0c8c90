"""Decisions: what was asked, on which evidence, and every answer that anyone gave.

Invariant: rows are appended and never changed. Who answered is part of the answer; a person who overrules adds theirs,
and what was there before stays.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .area import Area
from .codec import Shape
from .errors import NotFound
from .events import Events
from .records import Json


class AnsweredBy(StrEnum):
    """Who gave an answer."""

    RULES = "rules"
    MODEL = "model"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that had to be decided."""

    id: int
    experiment_id: int | None
    run_id: int | None
    kind: str
    asked: Json
    """The whole question: its words, and its options or the form of its answer."""
    evidence: Json
    """What whoever answered was shown."""
    created_at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to it."""

    id: int
    decision_id: int
    answered_by: AnsweredBy
    model: str | None
    model_fingerprint: str | None
    answer: str | None
    """The option's name, a text, or JSON; ``None`` where nobody could tell."""
    reason: str | None
    scores: Json | None
    """How probable each option was, by its name."""
    attempts: int
    problem: str | None
    """Why there is no answer."""
    seconds: float | None
    created_at: float


_ASKED, _ANSWER = Shape(Asked), Shape(Answer)


class Decisions(Area):
    """The questions by their number, and their answers, oldest first."""

    def ask(
        self,
        *,
        kind: str,
        asked: Json,
        evidence: Json,
        experiment_id: int | None = None,
        run_id: int | None = None,
    ) -> Asked:
        """Record a question before anybody answers it."""
        values = {
            "experiment_id": experiment_id,
            "run_id": run_id,
            "kind": kind,
            "asked": asked,
            "evidence": evidence,
            "created_at": time.time(),
        }
        return self.get(self._database.insert("decisions", values))

    def answer(
        self,
        decision_id: int,
        *,
        by: AnsweredBy,
        answer: str | None,
        reason: str | None = None,
        scores: Json | None = None,
        attempts: int = 1,
        problem: str | None = None,
        seconds: float | None = None,
        model: str | None = None,
        model_fingerprint: str | None = None,
    ) -> Answer:
        """Record an answer, and an event that tells of it."""
        asked = self.get(decision_id)
        values = {
            "decision_id": decision_id,
            "answered_by": str(by),
            "model": model,
            "model_fingerprint": model_fingerprint,
            "answer": answer,
            "reason": reason,
            "scores": scores,
            "attempts": attempts,
            "problem": problem,
            "seconds": seconds,
            "created_at": time.time(),
        }
        with self._database.transaction():
            answer_id = self._database.insert("answers", values)
            Events(self._database).append(
                "decision.answered",
                experiment_id=asked.experiment_id,
                run_id=asked.run_id,
                decision=decision_id,
                question=asked.kind,
                by=str(by),
                answer=answer,
            )
        (row,) = self._database.rows(f"SELECT {_ANSWER.columns} FROM answers WHERE id = ?", (answer_id,))
        return _ANSWER.load(row)

    def get(self, decision_id: int) -> Asked:
        """One question. Raises :class:`NotFound`."""
        row = self._database.row(f"SELECT {_ASKED.columns} FROM decisions WHERE id = ?", (decision_id,))
        if row is None:
            raise NotFound(f"There is no decision {decision_id}.")
        return _ASKED.load(row)

    def answers(self, decision_id: int) -> tuple[Answer, ...]:
        """All answers to it."""
        rows = self._database.rows(
            f"SELECT {_ANSWER.columns} FROM answers WHERE decision_id = ? ORDER BY id", (decision_id,)
        )
        return tuple(map(_ANSWER.load, rows))

    def for_experiment(self, experiment_id: int, *, kinds: Sequence[str] = ()) -> tuple[Asked, ...]:
        """The questions about an experiment, of some kinds if asked."""
        chosen = f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        rows = self._database.rows(
            f"SELECT {_ASKED.columns} FROM decisions WHERE experiment_id = ?{chosen} ORDER BY id",
            (experiment_id, *kinds),
        )
        return tuple(map(_ASKED.load, rows))
