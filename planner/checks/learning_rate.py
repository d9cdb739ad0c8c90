"""Whether the learning rate moves the weights by sizes at which something can be learned.

Invariant: the size of the updates alone is no fault; it warns only where the losses say the same.
"""

from __future__ import annotations

import math
from statistics import median

from ...runtime.protocol import OBSERVED
from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

CODE = "optim.lr"
WARM_UP = 3
FEWEST_LOOKS = 8
FEWEST_TURNS = 10
HUGE, LARGE, TINY = 0.3, 0.08, 6e-5
LEARNED = 0.05
"""By so much of itself the loss of one batch falls when it is made again and again."""
HARDLY = 0.02


def _judge(report: Json, evidence: Evidence) -> Judgement:
    optimizers = [one for one in report["optimizers"] if len(one["looks"]) >= FEWEST_LOOKS]
    if not optimizers:
        return could_not_tell("whether the learning rate fits: too few steps were seen")
    one = max(optimizers, key=lambda one: len(one["looks"]))
    ratio = median(look["median"] for look in one["looks"][WARM_UP:])
    series = evidence.reports.get("losses", {}).get("overfit", ())
    losses = [loss if math.isfinite(loss) else math.inf for _, loss in series]
    batch = evidence.reports.get(OBSERVED + "one_batch", {})
    turns = batch.get("losses", [])
    numbers = ({"update_ratio": ratio, "lr": one["looks"][-1]["lr"], "one_batch": _few(turns), "losses": _few(losses)},)
    if _is_too_high(ratio, losses, turns, len(optimizers)):
        message = (
            f"each step moves the weights by {ratio:.2g} of their size (0.001 is usual) and the loss does not fall:"
            f" {_told(losses)}"
        )
        return fault(found(evidence, CODE, Severity.WARNING, message, one["place"], numbers, "lower the learning rate"))
    if len(turns) < FEWEST_TURNS or _is_warming_up(batch):
        return fine(f"each step moves the weights by about {ratio:.2g} of their size")
    fell = (turns[0] - median(turns[-3:])) / max(abs(turns[0]), 1e-12)
    if fell >= LEARNED or abs(turns[0]) < 1e-3:
        told = f"its loss fell from {turns[0]:.4g} to {turns[-1]:.4g}"
        return fine(f"one batch is learned: made again {len(turns)} times, {told}")
    message = (
        f"one batch, made again {len(turns)} times, was hardly learned: its loss went from {turns[0]:.4g} to"
        f" {turns[-1]:.4g}, while each step moves the weights by {ratio:.2g} of their size (0.001 is usual)"
    )
    if ratio < TINY and fell < HARDLY:
        return fault(found(evidence, CODE, Severity.WARNING, message, one["place"], numbers, "raise the learning rate"))
    fix = "look at the rate, the loss and the labels"
    return ask(found(evidence, CODE, Severity.INFO, message, one["place"], numbers, fix))


def _is_too_high(ratio: float, losses: list[float], turns: list[float], optimizers: int) -> bool:
    """Large updates, and a loss that rose."""
    if optimizers > 1 or len(losses) < FEWEST_LOOKS or ratio < LARGE:
        return False
    first, later = max(losses[0], 1e-12), median(losses[len(losses) // 2 :])
    learns_batch = len(turns) >= FEWEST_TURNS and median(turns[-3:]) < (1 - LEARNED) * turns[0]
    return later > (1.0 if ratio >= HUGE and not learns_batch else 1.5) * first


def _is_warming_up(batch: Json) -> bool:
    rate = batch.get("rate")
    return rate is not None and rate < 0.5 * batch["highest_rate"]


def _few(values: list[float]) -> list[float]:
    return values[:3] + values[-3:] if len(values) > 6 else values


def _told(losses: list[float]) -> str:
    later = median(losses[len(losses) // 2 :])
    return f"{losses[0]:.4g} at first, {later:.4g} in the later half of {len(losses)} steps"


LEARNING_RATE = Check(
    name="optim.lr",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Does the learning rate move the weights by a sound size, and is one batch learned?",
    needs=("observed.updates",),
    uses=("torch",),
    evidence="the relative size of the updates, and the losses of one batch made again and again",
    fix="raise or lower the rate",
    judge=upon("updates", "whether the learning rate fits", _judge),
)
