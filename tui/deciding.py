"""Questions put to whoever can answer here, and their answers in lines and as JSON.

Invariant: that there is no model is said plainly, and never stands in the way: the rules answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..models.engine import EngineError
from ..planner import model_setting
from ..planner.decisions.by_model import ModelAnswerer
from ..planner.decisions.deciding import Decided, decide
from ..planner.decisions.deciding import words as decided_words
from ..planner.decisions.question import Answerer, Choice, Question
from ..planner.decisions.rules import RULES, RulesAnswerer
from ..store import Store
from .output import Output
from .text import clean


def ask(
    store: Store,
    home: Path,
    question: Question,
    output: Output,
    *,
    experiment_id: int | None = None,
    run_id: int | None = None,
) -> Decided:
    """Ask the rules, and the person's model where there is one that runs."""
    from ..planner.local_model import open_engine

    answerers: list[Answerer] = [RulesAnswerer(RULES)]
    setting = model_setting.known(home)
    with ExitStack() as stack:
        try:
            output.draw(lambda: "asking the model …")
            engine = open_engine(store, home, setting)
            stack.callback(engine.close)
            answerers.append(ModelAnswerer(engine))
        except EngineError as error:
            output.say(f"the built-in rules decide: {error}")
        return decide(store, question, answerers, experiment_id=experiment_id, run_id=run_id)


def lines(decided: Decided) -> Iterator[str]:
    """The question, who said what, and what holds."""
    yield clean(f"decision {decided.asked.id}: {decided.question.words}")
    if isinstance(decided.question, Choice):
        yield from (clean(f"  {one.name}: {one.meaning}") for one in decided.question.options)
    yield from (clean(line) for line in decided_words([decided]))
    if decided.holds is None:
        yield "nobody could tell"
    elif decided.disagrees:
        yield f"they disagree; `mlintern overrule {decided.asked.id} ANSWER` says otherwise"


def content(decided: Decided) -> dict[str, Any]:
    """The JSON form."""
    question = decided.question
    answers = [
        {
            "by": str(answer.answered_by),
            "model": answer.model,
            "answer": answer.answer,
            "scores": None if answer.scores is None else dict(answer.scores),
            "attempts": answer.attempts,
            "reason": answer.reason,
            "problem": answer.problem,
        }
        for answer in decided.answers
    ]
    return {
        "id": decided.asked.id,
        "kind": question.kind,
        "question": question.words,
        "options": [one.name for one in question.options] if isinstance(question, Choice) else None,
        "answers": answers,
        "holds": None if decided.holds is None else decided.holds.answer,
        "disagrees": decided.disagrees,
    }
