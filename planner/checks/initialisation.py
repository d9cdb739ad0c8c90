"""Whether the units of a layer begin differently, so that they can become different."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .upon import first_optimizer, found, upon, words

CODE = "model.init"
FEWEST_STEPS = 5
FEWEST_ALIKE, MOST_OF = 3, 0.65
"""From so many matrices on, and such a share of all, it is not a branch that begins at zero."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    if report["steps"] < FEWEST_STEPS:
        return could_not_tell("whether the units of each layer differ: too few steps were seen")
    rows = [row for row in report["rows"] if row["same_rows"] and row["held"] and not row["frozen"] and row["gradient"]]
    if not rows:
        return _began_same(report, evidence)
    names = [row["name"] for row in rows]
    message = (
        f"all rows of {words(names)} are identical at the first step and still after {report['steps']}: the units"
        " compute the same and get the same gradient, so the layer is worth one unit"
    )
    place = first_optimizer(report)
    numbers = tuple({key: row[key] for key in ("name", "elements", "nonzero")} for row in rows[:8])
    fix = "initialise weights at random, as the layers do by themselves; only biases may begin at zero"
    return fault(found(evidence, CODE, Severity.WARNING, message, place, numbers, fix))


def _began_same(report: Json, evidence: Evidence) -> Judgement:
    """Random biases let the units become different in the end; a last layer or a branch may well begin at zero."""
    same, count = report["began_same"], report["matrices"]
    if len(same) < FEWEST_ALIKE or len(same) < MOST_OF * count:
        return fine("the units of each layer differ")
    message = (
        f"{len(same)} of {count} weight matrices begin with all rows identical ({words(same)}): until the biases have"
        " made them different, nothing behind them learns"
    )
    place = first_optimizer(report)
    fix = "initialise weights at random, as the layers do by themselves; at most the last of a branch may begin at zero"
    return fault(found(evidence, CODE, Severity.WARNING, message, place, ({"names": same[:8]},), fix))


INITIALISATION = Check(
    name="model.init",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Do the units of each layer begin differently?",
    needs=("observed.parameters",),
    uses=("torch",),
    evidence="the weights whose rows are all the same, before and after",
    fix="initialise at random",
    judge=upon("parameters", "whether the units of each layer differ", _judge),
)
