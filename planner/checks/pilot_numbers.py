"""Whether the losses of a pilot stay finite and bounded, as they were seen and as they were printed."""

from __future__ import annotations

import math
from statistics import median

from ...runtime.printed import PREFIX
from ...store.records import RungName, Severity
from ..finding import FindingDraft
from ..verification.metric_names import split
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .curves import LOSS, PRINTED, Curve, printed

NAN, EXPLODING = "numeric.nan", "numeric.exploding"
LOSSES = {"loss", "nll", "perplexity", "ppl", "mse", "rmse", "mae", "kl", "elbo"}
FEWEST = 10
GROWN, LARGE = 1e3, 1e2


def _judge(evidence: Evidence) -> Judgement:
    told = [one for one in printed(evidence) if one.measure in LOSSES]
    broken = [one for one in told if not math.isfinite(one.last) and _was_computed(one)]
    if broken:
        return fault(*(_not_finite(one.name.removeprefix(PREFIX), one.values) for one in broken[:3]))
    losses = [float(point[1]) for point in evidence.reports[LOSS]]
    if not losses and not told:
        return could_not_tell("whether the losses stay finite: none was seen or printed")
    if len(losses) >= FEWEST and all(map(math.isfinite, losses)):
        first, last = median(losses[:5]), median(losses[-5:])
        if last > LARGE and last > GROWN * max(abs(first), 1e-12):
            return fault(_grown(first, last, losses))
    seen = f"{len(losses)} losses" if losses else f"the printed {told[0].name.removeprefix(PREFIX)}"
    return fine(f"{seen} stayed finite")


def _was_computed(one: Curve) -> bool:
    """Whether it was a number before, or is of the training: an evaluation to come may be printed as nan."""
    return any(map(math.isfinite, one.values)) or split(one.name) is None


def _not_finite(name: str, values: tuple[float, ...]) -> FindingDraft:
    place = next(number for number, value in enumerate(values) if not math.isfinite(value))
    return FindingDraft(
        NAN, Severity.ERROR,
        f"the printed {name} is {values[place]}, from its {place + 1}. value on",
        ({"name": name, "before": list(values[max(0, place - 3) : place]), "values": len(values)},),
        fix="look for a division by zero, a logarithm of zero or an overflow before it",
    )  # fmt: skip


def _grown(first: float, last: float, losses: list[float]) -> FindingDraft:
    return FindingDraft(
        EXPLODING, Severity.WARNING,
        f"the loss grows from {first:.3g} to {last:.3g} in {len(losses)} steps of the pilot",
        ({"first": losses[:5], "last": losses[-5:]},),
        fix="lower the learning rate, clip gradients, or normalise",
    )  # fmt: skip


PILOT_NUMBERS = Check(
    name="numeric.nan.printed.pilot",
    codes=(NAN, EXPLODING),
    rung=RungName.PILOT,
    question="Do the losses of the pilot stay finite?",
    needs=(PRINTED, LOSS),
    uses=(),
    evidence="the printed losses, and the first and the last ones that were seen",
    fix="lower the learning rate, or clip gradients",
    judge=_judge,
)
