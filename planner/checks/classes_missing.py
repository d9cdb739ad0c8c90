"""Whether the training rows have every class that is evaluated.

Invariant: where the training rows have one class only (a search for what is unlike it), or hardly any class of the
evaluation (learning to compare), that is the task and nothing is said.
"""

from __future__ import annotations

import math

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "data.unshuffled.classes"
CLASSES = "observed.classes"
FEWEST, MOST = 0.05, 0.6
"""The share of evaluation rows whose class is unknown to the training."""
BY_CHANCE = math.log(1e-6)


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, CLASSES, "whether the training rows have every class")
    if why is not None:
        return could_not_tell("whether the training rows have every class: no labels of both sides were seen")
    everything = evidence.reports[CLASSES]["evaluations"]
    wrong = [one for one in everything if _lacks(one)]
    if wrong:
        return fault(_finding(wrong[-1], evidence))
    return fine("the training rows have the classes that are evaluated")


def _lacks(one: Json) -> bool:
    share = one["missing_rows"] / one["rows"]
    if one["train_classes"] < 2 or not FEWEST <= share <= MOST:
        return False
    return bool(one["train_rows"] * math.log1p(-share) < BY_CHANCE)


def _finding(one: Json, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(one["file"])
    missing = ", ".join(f"{label:g}" for label in one["missing"])
    return FindingDraft(
        CODE, Severity.WARNING,
        f"{one['missing_rows']} of {one['rows']} evaluation rows are of classes that none of {one['train_rows']} "
        f"training rows has ({missing}): rows were split in the order of their labels, or left out",
        ({**one, "file": file},), file, one["line"], "shuffle before the split, or stratify it by label",
    )  # fmt: skip


CLASSES_MISSING = Check(
    name="data.unshuffled.classes",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Do the training rows have every class that is evaluated?",
    needs=(CLASSES,),
    uses=("numpy",),
    evidence="how many evaluation rows are of classes that no training row has",
    fix="shuffle before the split, or stratify it",
    judge=_judge,
)
