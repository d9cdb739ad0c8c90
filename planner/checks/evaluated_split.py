"""Whether what is called a test or a validation was one of the rows that had trained the model."""

from __future__ import annotations

from ...store.records import RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .rows_read import ROWS, Evaluated, evaluated, why_not

CODE = "eval.split"


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, ROWS, "whether the evaluated split is the one that it is called")
    if why is not None:
        return could_not_tell(why)
    everything = evaluated(evidence)
    if not everything:
        return could_not_tell("whether the evaluated split is the one that it is called: no evaluation was seen")
    on_training = [one for one in everything if one.is_the_training_set and not _is_text(one)]
    wrong = [one for one in on_training if one.called == "test"]
    if wrong:
        return fault(*(_finding(one, evidence, Severity.ERROR, "which is called a test") for one in wrong))
    others = [one for one in everything if one not in on_training]
    unnamed = [one for one in on_training if one.called is None]
    if unnamed and not others:
        words = "and nothing else was evaluated"
        return ask(*(_finding(one, evidence, Severity.INFO, words) for one in unnamed[:1]))
    if not others:
        return could_not_tell("whether the model does well on other rows: only training rows were evaluated")
    return fine(f"what is called a test or a validation is not the training set ({len(everything)} evaluations)")


def _is_text(one: Evaluated) -> bool:
    return one.tokens and (one.width or 0) < 8


def _finding(one: Evaluated, evidence: Evidence, severity: Severity, words: str) -> FindingDraft:
    return FindingDraft(
        CODE, severity,
        f"the evaluation at {one.place(evidence)}, {words}, is of the training rows: {one.in_train} of {one.rows} "
        f"had trained the model",
        one.shown(evidence), evidence.shown(one.file), one.line,
        "evaluate rows that the model was not trained on",
    )  # fmt: skip


EVALUATED_SPLIT = Check(
    name="eval.split",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Is the evaluated split the one that it is called?",
    needs=(ROWS,),
    uses=("numpy",),
    evidence="the evaluation's line and name, and how many of its rows are training rows",
    fix="pass the held-out rows",
    judge=_judge,
)
