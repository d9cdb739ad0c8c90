"""Whether numbers leave their range in numpy, and whether a loss is lost by it.

Invariant: an overflow that comes to nothing, as in a logistic function of a large number, is told and not held against.
"""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, ask, fault, fine
from .upon import found, upon

CODE = "numeric.nan"


def _judge(report: Json, evidence: Evidence) -> Judgement:
    warned, printed = report["warned"], report["printed"]
    rows = [{"place": one["place"], "message": one["message"], "text": one["text"]} for one in warned[:5]]
    if printed is not None:
        rows.append({"printed": printed["line"], "place": printed["place"]})
        if not warned:
            message = f"the printed {printed['name']} is not a number"
            return fault(found(evidence, CODE, Severity.ERROR, message, printed["place"], rows, FIX))
        first = warned[0]
        message = f"the printed {printed['name']} is not a number; numpy's first warning is: {first['message']}"
        return fault(found(evidence, CODE, Severity.ERROR, message, first["place"], rows, FIX))
    if warned:
        message = f"numpy warns: {warned[0]['message']}; no printed loss was lost by it"
        return ask(found(evidence, CODE, Severity.INFO, message, warned[0]["place"], rows, FIX))
    return fine("numpy warned of no number out of range, and no loss was printed as nan")


FIX = "subtract the largest value before exp, add a small number before log and division, or lower the learning rate"

FLOAT_WARNINGS = Check(
    name="numeric.nan.printed.numpy",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Do numbers leave their range in numpy, or is a loss printed as nan?",
    needs=("observed.float_warnings",),
    uses=("numpy",),
    evidence="numpy's warnings with their lines, and the printed line",
    fix="keep the operation's input inside its domain",
    judge=upon("float_warnings", "whether numbers stay finite in numpy", _judge),
)
