"""Whether a single input column is the label."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "data.leak.target"
COLUMNS = "observed.columns"
ALMOST_ALL = 0.99
EXACT = 0.999999
ALL, ENOUGH = 0.999, 100
"""The label itself, number for number, is no likeness of series."""
FEW_CLASSES = 30
STEADY = 0.9
"""Labels that are so much like the one before are a series, in which yesterday's value tells today's."""


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, COLUMNS, "whether an input contains the label")
    if why is not None:
        return could_not_tell(why)
    everything = evidence.reports[COLUMNS]["trainings"]
    if not everything:
        return could_not_tell("whether an input contains the label: no training rows with labels were seen")
    leaks = {one["column"]: one for one in everything if _leaks(one)}
    if leaks:
        return fault(*(_finding(one, evidence) for one in leaks.values()))
    best = max(everything, key=lambda one: float(one["best"]))
    agreements = f"the best agrees to {best['best']:.3f}, the next to {best['second']:.3f}"
    return fine(f"no column tells the label by itself: {agreements}")


def _leaks(one: Json) -> bool:
    best, second = float(one["best"]), float(one["second"])
    if best >= EXACT and one["classes"] <= FEW_CLASSES:
        return True
    if one["identical"] >= ALL and one["rows"] >= ENOUGH and one["classes"] > FEW_CLASSES:
        return True
    is_series = one["classes"] > FEW_CLASSES and one["steadiness"] > STEADY
    return best >= ALMOST_ALL and (1 - best) < 0.1 * (1 - second) and second < 0.97 and not is_series


def _finding(one: Json, evidence: Evidence) -> FindingDraft:
    place = one["place"] or {"file": "?", "line": None}
    file = evidence.shown(place["file"])
    row = {"file": file, **{key: one[key] for key in ("text", "column", "best", "second", "rows", "examples")}}
    return FindingDraft(
        CODE, Severity.ERROR,
        f"input column {one['column']} agrees with the label to {one['best']:.4f} over {one['rows']} training rows, "
        f"the next best to {one['second']:.3f}: it contains the label",
        ({**row, "line": place["line"]},), file, place["line"],
        "take the column out, or say from when its value is known in use",
    )  # fmt: skip


TARGET_COLUMN = Check(
    name="data.leak.target.column",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Does a single input column contain the label?",
    needs=(COLUMNS,),
    uses=("numpy",),
    evidence="the column's agreement with the label, the next best column's, and examples",
    fix="take the column out",
    judge=_judge,
)
