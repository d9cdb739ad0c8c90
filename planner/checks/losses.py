"""Whether the losses are computed on what they expect.

Invariant: an error needs numbers that a sound use cannot show over all looks; a habit that may be meant is only told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...runtime.protocol import OBSERVED
from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

CODE = "model.loss"
FEWEST_LOOKS = 3
FEWEST_ROWS = 8
CLOSE = 2e-3
"""How far from 1 a row of probabilities may sum, in half precision too."""
SMOOTHED = 0.3
"""How far outside [0, 1] smoothed or noisy labels lie at most."""
HUGE_RATE = 1.0
"""A rate of SGD on a mean that no recipe takes."""
SQUASHED = ("Sigmoid", "Softmax", "LogSigmoid")


def _judge(report: Json, evidence: Evidence) -> Judgement:
    places = report["places"]
    findings = [finding for facts in places for finding in _of_place(facts, evidence)]
    findings += [_of_sum(facts, evidence) for facts in places if facts["reduction"] == "sum"]
    findings += [_of_difference(one, evidence) for one in report["differences"] if one["seen"] >= 2]
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    if findings:
        return ask(*findings)
    if all(facts["looks"] < FEWEST_LOOKS for facts in places):
        return could_not_tell("what the losses are given: no loss function was seen often enough")
    return fine("the losses are given what they expect")


def _of_difference(one: Json, evidence: Evidence) -> FindingDraft:
    """A loss that the script computes itself."""
    message = (
        f"the loss is computed from a difference of shape {_shape(one['spread'])} of which one side has shape"
        f" {_shape(one['side'])}: every prediction is compared with every target"
    )
    fix = "give both the same shape: squeeze the last axis of the one, or unsqueeze the other"
    return found(evidence, CODE, Severity.ERROR, message, one["place"], ({"seen": one["seen"]},), fix)


def _of_place(facts: Json, evidence: Evidence) -> Iterator[FindingDraft]:
    for question in _QUESTIONS:
        answer = question(facts)
        if answer is not None:
            severity, message, fix = answer
            yield found(evidence, CODE, severity, message, facts["place"], (_numbers(facts),), fix)
            return


_Answer = tuple[Severity, str, str] | None


def _probabilities(facts: Json) -> _Answer:
    """Cross entropy takes a softmax of its own."""
    if facts["name"] != "cross_entropy" or not _enough(facts) or facts.get("classes", 0) < 2:
        return None
    if facts["low"] >= 0 and facts["high"] <= 1 + CLOSE and facts["furthest_row_sum"] <= CLOSE:
        return (
            Severity.ERROR,
            f"cross_entropy is given probabilities: in all {facts['looks']} looks every row of {facts['classes']} lies"
            " in [0, 1] and sums to 1, so a second softmax flattens them and the gradient",
            "give it the logits: leave the softmax out of the model and apply it only where probabilities are needed",
        )
    if facts.get("made_by") == "Sigmoid":
        return (
            Severity.WARNING,
            f"cross_entropy is given the output of a sigmoid, between {facts['low']:.3g} and {facts['high']:.3g}:"
            " its softmax can then never be confident",
            "give it the logits, without the sigmoid",
        )
    if facts.get("made_by") == "Relu" and facts["low"] == 0.0:
        return (
            Severity.WARNING,
            "cross_entropy is given the output of a ReLU: negative logits are cut to 0, and their classes get no"
            " gradient",
            "end the model with the linear layer, without an activation",
        )
    return None


def _not_normalised(facts: Json) -> _Answer:
    """nll_loss wants log probabilities."""
    if facts["name"] != "nll_loss" or not _enough(facts) or facts["furthest_log_sum"] <= 0.1:
        return None
    if facts["low"] >= 0 and facts["furthest_row_sum"] <= CLOSE:
        given, fix = "probabilities without their logarithm", "use log_softmax in place of softmax"
    else:
        given = f"values between {facts['low']:.3g} and {facts['high']:.3g} whose rows are not log probabilities"
        fix = "apply log_softmax over the classes before it, or use cross_entropy"
    return (
        Severity.ERROR,
        f"nll_loss is given {given}: their exponentials sum to something else than 1 (the logarithm of the sum is off"
        f" by up to {facts['furthest_log_sum']:.3g}), so the loss has no minimum that means anything",
        fix,
    )


def _several_classes(facts: Json) -> _Answer:
    """A softmax shares one among the classes: several that are true at once pull against each other."""
    if facts["name"] != "cross_entropy" or not _enough(facts):
        return None
    if facts["furthest_target_sum"] < 0.5 or not facts["whole_targets"]:
        return None
    return (
        Severity.WARNING,
        f"cross_entropy is given targets of 0 and 1 whose rows do not sum to 1 (off by up to"
        f" {facts['furthest_target_sum']:.3g}): its softmax lets classes exclude one another, but several are true",
        "use binary_cross_entropy_with_logits where a row may have several classes",
    )


def _squashed_logits(facts: Json) -> _Answer:
    """binary_cross_entropy_with_logits takes a sigmoid of its own."""
    if facts["name"] != "binary_cross_entropy_with_logits" or not _enough(facts):
        return None
    if facts["low"] < 0 or facts["high"] > 1:
        return None
    if facts.get("made_by") in SQUASHED:
        return (
            Severity.ERROR,
            f"binary_cross_entropy_with_logits is given the output of a {str(facts['made_by']).lower()}, between"
            f" {facts['low']:.3g} and {facts['high']:.3g}, and takes a sigmoid again: no probability below 0.5 is left",
            "leave the sigmoid out, or use binary_cross_entropy",
        )
    return (
        Severity.INFO,
        f"binary_cross_entropy_with_logits was only ever given values between {facts['low']:.3g} and"
        f" {facts['high']:.3g}: are they probabilities already?",
        "give it logits",
    )


def _spread(facts: Json) -> _Answer:
    """(N, 1) against (N,) becomes (N, N)."""
    if not facts["spread_shapes"]:
        return None
    return (
        Severity.ERROR,
        f"{facts['name']} compares an input of shape {_shape(facts['shape'])} with a target of shape"
        f" {_shape(facts['target_shape'])}: they are spread to {_shape(facts['spread_shape'])}, so every prediction is"
        " compared with every target",
        "give both the same shape: squeeze the last axis of the input, or unsqueeze the target",
    )


def _kl(facts: Json) -> _Answer:
    """kl_div wants log probabilities as its input."""
    if facts["name"] != "kl_div" or not _enough(facts):
        return None
    if facts["high"] > CLOSE or (facts["low"] >= 0 and facts["furthest_row_sum"] <= CLOSE):
        return (
            Severity.ERROR,
            f"kl_div is given values up to {facts['high']:.3g} as its input: it wants log probabilities, which are"
            " never above 0",
            "apply log_softmax to the input (the target stays probabilities)",
        )
    if not facts["log_target"] and facts["target_low"] < -CLOSE:
        return (
            Severity.ERROR,
            f"kl_div is given a target down to {facts['target_low']:.3g}: without log_target=True it wants"
            " probabilities",
            "give probabilities as the target, or log_target=True",
        )
    return None


def _outside(facts: Json) -> _Answer:
    """Binary targets lie between 0 and 1."""
    if not str(facts["name"]).startswith("binary_cross_entropy"):
        return None
    if facts["target_low"] >= -SMOOTHED and facts["target_high"] <= 1 + SMOOTHED:
        return None
    return (
        Severity.ERROR,
        f"{facts['name']} is given targets between {facts['target_low']:.3g} and {facts['target_high']:.3g}: outside"
        " [0, 1] the loss has no lower bound",
        "bring the targets to 0 and 1",
    )


def _one_class(facts: Json) -> _Answer:
    """A softmax over one class is always 1."""
    if facts["name"] != "cross_entropy" or facts.get("classes") != 1 or not facts["rows"]:
        return None
    return (
        Severity.ERROR,
        f"cross_entropy over a single class, input of shape {_shape(facts['shape'])}: it is 0 whatever the model says",
        "use binary_cross_entropy_with_logits for one output, or give the model one output a class",
    )


def _of_sum(facts: Json, evidence: Evidence) -> FindingDraft:
    """A sum makes the step as many times larger as the batch has rows; plain SGD does not take that back."""
    message = f"{facts['name']} sums over its elements (input of shape {_shape(facts['shape'])})"
    fix = 'use reduction="mean", or divide by the batch size'
    rows = facts["shape"][0] if facts["shape"] else 1
    rate = max((rows * rate for rate in _rates_of_sgd(evidence)), default=0.0)
    if rate >= HUGE_RATE:
        message += f": with {rows} rows a batch, SGD steps as with a rate of {rate:.3g} on their mean"
        return found(evidence, CODE, Severity.WARNING, message, facts["place"], (_numbers(facts),), fix)
    message += ": the size of a step grows with the batch; is the learning rate meant so?"
    return found(evidence, CODE, Severity.INFO, message, facts["place"], (_numbers(facts),), fix)


def _rates_of_sgd(evidence: Evidence) -> Iterator[float]:
    for one in evidence.reports.get(OBSERVED + "updates", {}).get("optimizers", ()):
        if one["kind"] == "SGD":
            yield from (look["lr"] for look in one["looks"] if look["lr"])


_QUESTIONS: tuple[Callable[[Json], _Answer], ...] = (
    _spread, _one_class, _probabilities, _not_normalised, _several_classes, _squashed_logits, _kl, _outside,
)  # fmt: skip


def _enough(facts: Json) -> bool:
    return bool(facts["looks"] >= FEWEST_LOOKS and (facts["rows"] >= FEWEST_ROWS or not facts["rows"]))


def _shape(sizes: list[int]) -> str:
    return "(" + ", ".join(map(str, sizes)) + ("," if len(sizes) == 1 else "") + ")"


def _numbers(facts: Json) -> Json:
    kept = ("name", "reduction", "shape", "target_shape", "low", "high", "target_low", "target_high", "looks")
    return {key: facts[key] for key in kept}


LOSSES = Check(
    name="model.loss",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are the losses given what they expect?",
    needs=("observed.losses",),
    uses=("torch",),
    evidence="the values and shapes that the loss was given",
    fix="give the loss what it expects",
    judge=upon("losses", "what the losses are given", _judge),
)
