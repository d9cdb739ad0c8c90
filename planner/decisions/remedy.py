"""Which remedy to try first, as a question."""

from __future__ import annotations

from ..diagnosis.hypothesis import Hypothesis
from ..diagnosis.ledger import Advice
from .question import MOST_OPTIONS, Choice, Option

KIND = "diagnosis.remedy"


def remedy_question(cause: Hypothesis, advice: Advice) -> Choice | None:
    """The remedies that were not tried, in the order of the rules; ``None`` where there is nothing to choose."""
    if len(advice.untried) < 2:
        return None
    options = tuple(
        Option(f"remedy {number}", f"{measure.remedy} (helps if {measure.tests})")
        for number, measure in enumerate(advice.untried[:MOST_OPTIONS], start=1)
    )
    evidence = {
        "cause": f"{cause.code}: {cause.what} ({cause.certainty})",
        "log": "\n".join(quote.text for quote in cause.quotes),
        "it could also be": "; ".join(cause.instead),
        "tried before": "; ".join(f"{one.remedy}: {one.outcome}" for one in advice.tried),
    }
    told = {key: text for key, text in evidence.items() if text}
    return Choice(KIND, "Which remedy should be tried first?", options, told)
