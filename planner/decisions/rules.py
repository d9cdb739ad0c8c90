"""The built-in answerer: a rule for each kind of question, which needs no model.

Invariant: a rule is a pure function of the question. A kind without a rule is told as such, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...store.decisions import AnsweredBy
from . import remedy
from .question import Choice, Question, Reply

Rule = Callable[[Question], Reply]


def first_option(question: Question) -> Reply:
    """The first option: for questions whose options come in the order in which the rules would try them."""
    assert isinstance(question, Choice)
    return Reply(question.options[0].name, reason="the options are in the order in which the rules weigh them")


RULES: Mapping[str, Rule] = {
    remedy.KIND: first_option,
}


@dataclass(frozen=True, slots=True)
class RulesAnswerer:
    """Answers by rules."""

    rules: Mapping[str, Rule]
    by: AnsweredBy = AnsweredBy.RULES
    identity: None = None

    def answer(self, question: Question) -> Reply:
        """By the rule for its kind."""
        rule = self.rules.get(question.kind)
        if rule is None:
            return Reply(None, problem=f"there is no rule for {question.kind}")
        return rule(question)
