"""Whether rows of an evaluation had trained the model, beyond what equal rows of small tables explain."""

from __future__ import annotations

from ...store.records import RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import ROWS, Evaluated, evaluated, why_not

CODE = "data.leak.overlap"
FEWEST = 3
LEAST_SHARE = 0.03
LARGE_SHARE = 0.15
"""From here on it matters whatever the reason."""
BEYOND_CHANCE = 20
BOTH = 0.95
SHORTEST_WINDOW = 16
"""Shorter pieces of a text come again by themselves."""
TEXT_SHARE = 0.2


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, ROWS, "whether evaluation rows had trained the model")
    if why is not None:
        return could_not_tell(why)
    everything = [one for one in evaluated(evidence) if one.called != "train"]
    if not everything:
        return could_not_tell("whether evaluation rows had trained the model: no evaluation was seen")
    leaks = [one for one in everything if _leaks(one)]
    if leaks:
        return fault(*(_finding(one, evidence) for one in leaks))
    split = [one for one in everything if not one.is_the_training_set]
    if not split:
        return could_not_tell("whether evaluation rows had trained the model: only training rows were evaluated")
    found = max(split, key=lambda one: (one.share, one.rows))
    shared = "none" if not found.in_train else str(found.in_train)
    chance = "" if not found.in_train else ", no more than equal rows by chance"
    return fine(f"{shared} of {found.rows} evaluation rows is among {found.train_distinct} training rows{chance}")


def _leaks(one: Evaluated) -> bool:
    if one.in_train < FEWEST or one.share < LEAST_SHARE or one.is_the_training_set:
        return False
    if one.in_train >= BOTH * one.train_distinct:
        return False  # the line evaluates the training rows and others, one after the other
    if one.width is None or one.width < 2:
        return False
    if one.tokens and (one.width < SHORTEST_WINDOW or one.share < TEXT_SHARE):
        return False
    if one.share < LARGE_SHARE and one.train_repeats > 0.3 * one.share * one.train_rows:
        return False  # rows come again among the training rows as well: that is what such data is like
    if one.labelled and one.same_label < 0.7 * one.labelled:
        return False  # equal rows with other labels: what there is to see is the same, the cases are not
    return one.chance is None or one.in_train > BEYOND_CHANCE * one.chance


def _finding(one: Evaluated, evidence: Evidence) -> FindingDraft:
    same = f", {one.same_label} of {one.labelled} with the same label" if one.labelled else ""
    return FindingDraft(
        CODE, Severity.ERROR,
        f"{one.in_train} of {one.rows} rows evaluated at {one.place(evidence)} ({one.share:.0%}) are among the "
        f"{one.train_distinct} rows that trained the model{same}{_effect(one)}",
        one.shown(evidence), evidence.shown(one.file), one.line,
        "take these rows out of the training data, and split before rows are copied or repeated",
    )  # fmt: skip


def _effect(one: Evaluated) -> str:
    if one.effect is None:
        return ""
    told = one.effect
    values = f"{told['with']:.4g} with them, and {told['without']:.4g} without"
    return f"; as far as it was trained here, the {told['measure']} is {values}"


OVERLAP = Check(
    name="data.leak.overlap.rows",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are there evaluation rows among the training rows?",
    needs=(ROWS,),
    uses=("numpy",),
    evidence="counts of shared rows, examples by index and hash",
    fix="split before rows are copied, and keep evaluation rows out of the training data",
    judge=_judge,
)
