"""What trivial guesses reach on the evaluation rows, and how sure a number from so many rows is."""

from __future__ import annotations

import math

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault
from .rows_read import why_not

BASELINE, NOISE = "eval.baseline", "eval.noise"
COLUMNS = "observed.columns"


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, COLUMNS, "what a trivial guess reaches")
    if why is not None:
        return could_not_tell(why)
    everything = evidence.reports[COLUMNS]["baselines"]
    known = [one for one in everything if one["task"] == "classes"]
    numbers = [one for one in everything if one["task"] == "numbers" and "mean_mae" in one]
    if not known and numbers:
        return _of_numbers(numbers, evidence)
    if not known:
        return could_not_tell("what a trivial guess reaches: no evaluation rows with classes as labels were seen")
    whole = [one for one in known if one["score"] is not None and one["method"] != "model"]
    scored = [one for one in whole if not one["model"].startswith("Dummy")]
    if scored and all(one["score"] <= one["majority"] for one in scored):
        return fault(_no_better(max(scored, key=lambda one: float(one["score"])), evidence))
    return ask(_listed(known[0], evidence), *_noise(known[0], evidence))


def _of_numbers(numbers: list[Json], evidence: Evidence) -> Judgement:
    """Regressors whose R² is known are held against the mean; else what the mean reaches is told."""
    scored = [one for one in numbers if one["score"] is not None and one["method"] == "score"]
    scored = [one for one in scored if not one["model"].startswith("Dummy")]
    if scored and all(one["score"] <= 0 for one in scored):
        best = max(scored, key=lambda one: float(one["score"]))
        file = evidence.shown(best["file"])
        words = f"the score (R²) {best['score']:.3f} is no better than always answering the mean, 0"
        fix, row = "report the mean beside it, and look whether anything was learned", {**best, "file": file}
        return fault(FindingDraft(BASELINE, Severity.WARNING, words, (row,), file, best["line"], fix))
    one = numbers[0]
    file = evidence.shown(one["file"])
    words = f"on the {one['rows']} evaluation rows the training rows' mean is off by {one['mean_mae']:.4g} on average"
    if one["column_mae"] < one["mean_mae"]:
        words += f", column {one['column']} of the inputs, such as the value before, by {one['column_mae']:.4g}"
    return ask(FindingDraft(BASELINE, Severity.INFO, words, ({**one, "file": file},), file, one["line"], None))


def _no_better(one: Json, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(one["file"])
    return FindingDraft(
        BASELINE, Severity.WARNING,
        f"the score {one['score']:.3f} is no better than always guessing the commonest class, {one['majority']:.3f}",
        ({"file": file, **one, "line": one["line"]},), file, one["line"],
        "report the trivial guess beside it, and a measure that it cannot win, such as balanced accuracy",
    )  # fmt: skip


def _listed(one: Json, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(one["file"])
    near = "" if one["neighbour"] is None else f", the nearest training row in {one['neighbour']:.1%}"
    return FindingDraft(
        BASELINE, Severity.INFO,
        f"on the {one['rows']} evaluation rows the commonest class is right in {one['majority']:.1%}{near}",
        ({**one, "file": file},), file, one["line"], None,
    )  # fmt: skip


def _noise(one: Json, evidence: Evidence) -> tuple[FindingDraft, ...]:
    file, rows = evidence.shown(one["file"]), int(one["rows"])
    share = max(float(one["neighbour"] or 0.0), 0.5)
    width = 1.96 * math.sqrt(max(share * (1 - share), 0.01) / rows)
    finding = FindingDraft(
        NOISE, Severity.INFO,
        f"an accuracy from {rows} evaluation rows is sure to about ±{100 * width:.1f} points (95 %)",
        ({"file": file, "line": one["line"], "rows": rows, "half_width": width},), file, one["line"], None,
    )  # fmt: skip
    return (finding,)


BASELINES = Check(
    name="eval.baseline",
    codes=(BASELINE, NOISE),
    rung=RungName.OVERFIT,
    question="Is the result better than a trivial guess, and beyond the noise?",
    needs=(COLUMNS,),
    uses=("numpy",),
    evidence="what the commonest class and the nearest neighbour reach on the same rows",
    fix="report the trivial guess beside the result",
    judge=_judge,
)
