"""Whether what a pilot or a full run printed is better than a trivial guess on the same rows, and than its own noise.

What trivial guesses reach was found out in the examination, on the rows that are evaluated. Invariant: at a pilot's
end a model may not have learned yet, so nothing is held against it there; and a change inside the noise is told as
such and never called better.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from statistics import fmean

from ...runtime.printed import PREFIX
from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from ..verification.metric_names import higher_is_better
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .curves import PRINTED, Curve, of_evaluations

BASELINE, NOISE = "eval.baseline", "eval.noise"
EXAMINED = "overfit.observed.columns"
ACCURACY = {"accuracy", "acc"}
CHANCE = {"auc": 0.5, "auroc": 0.5, "r2": 0.0}
"""What a guess that knows nothing reaches, whatever the rows are."""
FEWEST_POINTS = 5
"""So many values of a curve tell how they scatter."""
MOST_VALUES = 2000
"""Longer curves come thinned to their extremes, which scatter more."""
SURE = 2.0


def _judge_baseline(evidence: Evidence, *, is_result: bool) -> Judgement:
    curves = of_evaluations(evidence)
    known = evidence.reports.get(EXAMINED, {}).get("baselines", ())
    majority = min((one["majority"] for one in known if one["task"] == "classes"), default=None)
    compared: list[tuple[Curve, float, str]] = []
    for one in curves:
        if one.measure in ACCURACY and majority is not None:
            compared.append((one, float(majority), "what always guessing the commonest class reaches on these rows"))
        elif one.measure in CHANCE:
            compared.append((one, CHANCE[one.measure], "what a guess reaches that knows nothing"))
    compared = [one for one in compared if math.isfinite(one[0].last)]
    if not compared:
        return could_not_tell("whether the result is better than a trivial guess: none is known for what was printed")
    low = [one for one in compared if one[0].last <= one[1]]
    if low and is_result:
        return fault(*(_no_better(one, Severity.WARNING, "") for one in low[:3]))
    if low:
        return ask(*(_no_better(one, Severity.INFO, " yet, after the pilot's steps") for one in low[:3]))
    curve, bound, _ = compared[-1]
    return fine(f"{_name(curve)} {curve.last:.4g} is better than the trivial guess, {bound:.4g}")


def _no_better(one: tuple[Curve, float, str], severity: Severity, when: str) -> FindingDraft:
    curve, bound, words = one
    return FindingDraft(
        BASELINE, severity,
        f"the printed {_name(curve)} {curve.last:.4g} is no better than {bound:.4g}, {words}{when}",
        ({"name": _name(curve), "values": list(curve.values[-20:]), "trivial": bound},),
        fix="report the trivial guess beside it, and look whether the model learns at all",
    )  # fmt: skip


def _judge_noise(evidence: Evidence) -> Judgement:
    curves = [one for one in of_evaluations(evidence) if FEWEST_POINTS <= len(one.values) < MOST_VALUES]
    curves = [one for one in curves if all(map(math.isfinite, one.values))]
    if not curves:
        return could_not_tell("whether gains are beyond the noise: no metric was printed often enough")
    rows = _rows(evidence)
    inside = [found for one in curves if (found := _inside(one, rows)) is not None]
    if inside:
        return ask(*inside[:3])
    shown = ", ".join(f"{_name(one)} from {one.values[0]:.4g} to {one.last:.4g}" for one in curves[:2])
    return fine(f"what changed is beyond the scatter from one evaluation to the next: {shown}")


def _inside(curve: Curve, rows: int | None) -> FindingDraft | None:
    """A finding where the last half of a curve gains no more than it scatters; ``None`` where it does."""
    half = curve.values[len(curve.values) // 2 - 1 :] if len(curve.values) >= 2 * FEWEST_POINTS else curve.values
    gain, noise = half[-1] - half[0], scatter(half)
    sampled = None
    if rows and curve.measure in ACCURACY:
        share = min(max(half[-1], 0.01), 0.99)
        sampled = math.sqrt(share * (1 - share) / rows)
    bound = SURE * math.sqrt(2) * noise
    if abs(gain) > bound or noise == 0.0:
        return None
    better = higher_is_better(curve.name)
    way = "" if better is None else " (higher is better)" if better else " (lower is better)"
    from_rows = "" if sampled is None else f"; {rows} rows alone leave ±{1.96 * sampled:.2g}"
    return FindingDraft(
        NOISE, Severity.INFO,
        f"{_name(curve)}{way} goes from {half[0]:.4g} to {half[-1]:.4g} over its last {len(half)} values, inside "
        f"what it scatters from one to the next, ±{noise:.2g}: that is no gain{from_rows}",
        ({"name": _name(curve), "values": list(half[-40:]), "scatter": noise, "needed": bound},),
    )  # fmt: skip


def scatter(values: tuple[float, ...]) -> float:
    """The standard deviation of a curve's values around any straight trend, from its second differences."""
    first = [later - earlier for earlier, later in pairwise(values)]
    second = [later - earlier for earlier, later in pairwise(first)]
    return math.sqrt(fmean([one * one for one in second]) / 6) if second else 0.0


def _rows(evidence: Evidence) -> int | None:
    known: list[Json] = evidence.reports.get(EXAMINED, {}).get("baselines", [])
    return min((int(one["rows"]) for one in known), default=None)


def _name(curve: Curve) -> str:
    return curve.name.removeprefix(PREFIX)


def _baseline(rung: RungName, name: str) -> Check:
    return Check(
        name=name,
        codes=(BASELINE,),
        rung=rung,
        question=f"Is what the {rung} run printed better than a trivial guess?",
        needs=(PRINTED,),
        uses=(),
        evidence="the printed metric beside what the commonest class, or a guess that knows nothing, reaches",
        fix="report the trivial guess beside the result",
        judge=partial(_judge_baseline, is_result=rung is RungName.FULL),
    )


def _noise(rung: RungName, name: str) -> Check:
    return Check(
        name=name,
        codes=(NOISE,),
        rung=rung,
        question=f"Are the gains that the {rung} run printed beyond the noise?",
        needs=(PRINTED,),
        uses=(),
        evidence="the first and the last value, and how far values scatter from one evaluation to the next",
        fix="more seeds, or more evaluation rows",
        judge=_judge_noise,
    )


PILOT_BASELINE = _baseline(RungName.PILOT, "eval.baseline.printed.pilot")
PILOT_NOISE = _noise(RungName.PILOT, "eval.noise.printed.pilot")
RESULT_BASELINE = _baseline(RungName.FULL, "eval.baseline.printed.full")
RESULT_NOISE = _noise(RungName.FULL, "eval.noise.printed.full")
