"""Whether all numbers stay finite, and which operation makes the first that does not."""

from __future__ import annotations

from statistics import median

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .upon import found, upon, words

NAN, EXPLODING, OVERFLOW = "numeric.nan", "numeric.exploding", "numeric.overflow"
FEWEST_STEPS = 5
GROWN, LARGE = 1e3, 1e4
FEWEST_SCALED = 10


def _judge(report: Json, evidence: Evidence) -> Judgement:
    if report["broken"] is not None:
        return _broken(report, evidence)
    skipped = report["unscaled"] - report["steps"]
    if report["unscaled"] >= FEWEST_SCALED and skipped * 2 >= report["unscaled"]:
        message = (
            f"the gradient scaler skipped {skipped} of {report['unscaled']} steps because scaled gradients were not"
            " finite: values leave the range of half precision"
        )
        fix = "use bfloat16, or look for large activations and losses"
        return fault(found(evidence, OVERFLOW, Severity.WARNING, message, report["place"], (), fix))
    norms = report["norms"]
    if len(norms) < FEWEST_STEPS:
        return could_not_tell("whether numbers stay finite: too few steps were seen")
    first, last = median(norms[:FEWEST_STEPS]), median(norms[-FEWEST_STEPS:])
    if last > LARGE and last > GROWN * max(first, 1e-12):
        message = f"the gradient's norm grows from {first:.3g} to {last:.3g} in {len(norms)} steps"
        fix = "clip gradients, lower the learning rate, or normalise"
        numbers = ({"norms": [*norms[:5], *norms[-5:]]},)
        return fault(found(evidence, EXPLODING, Severity.WARNING, message, report["place"], numbers, fix))
    return fine(f"losses and gradients stayed finite in {len(norms)} steps")


def _broken(report: Json, evidence: Evidence) -> Judgement:
    broken, culprit = report["broken"], report["culprit"]
    what = f"the {broken['what']} is {broken['value']} at step {broken['step']}"
    if broken.get("parameters"):
        what += f" (of {words(broken['parameters'])})"
    numbers = [{key: value for key, value in broken.items() if key != "place"}]
    place, code = broken["place"], NAN
    if culprit is None:
        weights = broken["weights"]
        tail = f": weights were not finite before it ({words(weights)})" if weights else ""
        fix = "lower the learning rate, or clip gradients" if weights else _FIX
    else:
        numbers.append(culprit)
        place = culprit["place"] or place
        where = " in the backward pass" if culprit["backward"] else ""
        given = f", given {_inputs(culprit)}" if culprit["inputs"] else ""
        tail = f": the first operation to make {culprit['made']} is `{culprit['operation']}`{where}{given}"
        is_half = any(one["dtype"] == "float16" for one in culprit["inputs"])
        code = OVERFLOW if is_half and culprit["made"] == "inf" else NAN
        fix = _FIXES.get(str(culprit["operation"]).strip("_"), _FIX)
    norms = report["norms"]
    if len(norms) >= 2 and norms[-1] > GROWN * max(norms[0], 1e-12):
        tail += f"; before it the gradient's norm had grown from {norms[0]:.3g} to {norms[-1]:.3g}"
        fix = "lower the learning rate, or clip gradients"
    return fault(found(evidence, code, Severity.ERROR, what + tail, place, tuple(numbers), fix))


def _inputs(culprit: Json) -> str:
    return " and ".join(_input(one) for one in culprit["inputs"][:2])


def _input(one: Json) -> str:
    values = f" between {one['low']:.3g} and {one['high']:.3g}" if "low" in one else ""
    return f"{one['dtype']} {tuple(one['shape'])}{values}"


_FIX = "keep the operation's input inside its domain"
_FIXES = {
    "log": "keep it above zero: log_softmax or logsigmoid in place of the log of a softmax, or clamp before it",
    "div": "keep the divisor away from zero: clamp it, or leave empty groups out",
    "mean": "leave out what is empty before taking a mean",
    "sqrt": "add a small number before the root: its gradient at zero is infinite",
    "sqrt_backward": "add a small number before the root: its gradient at zero is infinite",
    "exp": "bound what goes in, or work with logarithms",
    "pow": "keep the base above zero",
}


NUMERIC = Check(
    name="numeric",
    codes=(NAN, EXPLODING, OVERFLOW),
    rung=RungName.OVERFIT,
    question="Do losses and gradients stay finite?",
    needs=("observed.numeric",),
    uses=("torch",),
    evidence="the first operation whose output is not finite, with its line and its input's range",
    fix="keep the operation's input inside its domain",
    judge=upon("numeric", "whether numbers stay finite", _judge),
)
