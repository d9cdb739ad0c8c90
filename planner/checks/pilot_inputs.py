"""Whether a model uses its inputs: the loss of a pilot's last batches with real inputs, with shuffled ones, with zeros.

Invariant: a model that has not learned yet is no fault; one whose answers do not depend on its inputs at all is.
"""

from __future__ import annotations

import math
from statistics import fmean, stdev

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

CODE = "eval.baseline"
SURE = 2.5
"""So many standard errors are beyond the scatter from batch to batch."""
LEAST = 0.01
"""A smaller part of the loss is nothing."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    real, shuffled, zeros = (fmean(report[name]) for name in ("real", "shuffled", "zeros"))
    if not all(map(math.isfinite, (real, shuffled, zeros))):
        return could_not_tell("whether the model uses its inputs: its loss is not finite")
    numbers = ({key: report[key] for key in ("loss", "real", "shuffled", "zeros", "constant")},)
    model, batches, place = report["model"], len(report["real"]), report["place"]
    if not report["answers_move"]:
        message = (
            f"{model} answers the same whatever it is given: in {batches} training batches, made again with their"
            f" inputs shuffled among the rows and with zeros, no answer moved (loss {real:.4g})"
        )
        fix = "look for a cut path, dead units or a saturated layer between the inputs and the answer"
        return fault(found(evidence, CODE, Severity.WARNING, message, place, numbers, fix))
    if not _is_worse(report["real"], report["shuffled"]):
        message = (
            f"so far {model} does not use its inputs: over {batches} training batches its loss is {real:.4g}, and"
            f" {shuffled:.4g} with the inputs shuffled among the rows"
        )
        return ask(found(evidence, CODE, Severity.INFO, message, place, numbers))
    words = f"{model} uses its inputs: its loss is {real:.4g}, {shuffled:.4g} with the inputs shuffled among the rows"
    constant = report["constant"]
    if constant is not None and real > constant:
        words += f"; the best answer that is the same for every row has {constant:.4g}, which it does not reach yet"
        return ask(found(evidence, CODE, Severity.INFO, words, place, numbers))
    return fine(words if constant is None else f"{words}, and {constant:.4g} for the best constant answer")


def _is_worse(real: list[float], shuffled: list[float]) -> bool:
    """Whether the loss rises beyond the scatter of the batches when the inputs are shuffled."""
    rises = [other - one for one, other in zip(real, shuffled, strict=True)]
    error = stdev(rises) / math.sqrt(len(rises))
    return fmean(rises) > max(SURE * error, LEAST * abs(fmean(real)))


USES_INPUTS = Check(
    name="eval.baseline.inputs.shuffled",
    codes=(CODE,),
    rung=RungName.PILOT,
    question="Does the model use its inputs?",
    needs=("observed.ablation",),
    uses=("torch",),
    evidence="the loss of the last batches with real inputs, with inputs shuffled among the rows, and with zeros",
    fix="look for a cut path between inputs and answer",
    judge=upon("ablation", "whether the model uses its inputs", _judge),
)
