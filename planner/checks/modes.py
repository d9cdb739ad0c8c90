"""Whether the model is in evaluation mode when it is evaluated, and in training mode when it is trained.

Invariant: a call without gradients that comes with every step may be a part of the training (a teacher, a target, an
actor); only where the calls come in rows between steps, or one model is given the same data each time, is it taken for
an evaluation.
"""

from __future__ import annotations

from itertools import pairwise

from ...runtime.protocol import OBSERVED
from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

CODE = "eval.mode"
FEWEST_STEPS = 4
FEWEST_SWITCHED = 2
"""Where the mode changed once, and right at an evaluation."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    evaluations = [one for one in report["places"] if one["phase"] == "eval" and one["trained"]]
    trainings = [one for one in report["places"] if one["phase"] == "train"]
    findings = [finding for one in evaluations if (finding := _noisy(one, report, evidence)) is not None]
    findings += _stuck(trainings, evaluations, evidence)
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    if findings:
        return ask(*findings)
    if not evaluations:
        return could_not_tell("whether the model is evaluated in evaluation mode: no evaluation of it was seen")
    return fine("dropout and batch norm rest while the model is evaluated, and work while it is trained")


def _noisy(one: Json, report: Json, evidence: Evidence) -> FindingDraft | None:
    if not one["noisy"] or one["calls"] < 1:
        return None
    layers = " and ".join(name for kind, name in _NAMES.items() if one[kind])
    counted = f"in {one['noisy']} of {one['calls']} calls of {one['kind']} for evaluation"
    numbers: tuple[Json, ...] = (
        {key: one[key] for key in ("calls", "no_grad", "training_mode", "dropout", "batch_norm")},
    )
    if not one["noisy_training"]:
        return _noisy_in_eval_mode(one, layers, counted, numbers, evidence)
    is_alone = report["trained_models"] == 1 and one["same_input"] * 2 >= one["calls"]
    is_sure = one["no_grad"] == one["calls"] and (_in_rows(one) or is_alone)
    if not is_sure:
        message = f"{layers} active {counted}: is this a part of the training?"
        return found(evidence, CODE, Severity.INFO, message, one["place"], numbers, "call model.eval() before it")
    severity = Severity.ERROR if _in_rows(one) else Severity.WARNING
    words, effect = _effect(one["place"], evidence)
    message = (
        f"{layers} active {counted}: the model is in training mode, so its results are noisy and depend on the batch"
        f"{words}"
    )
    numbers = (*numbers, *effect)
    fix = "call model.eval() before the evaluation and model.train() after it"
    return found(evidence, CODE, severity, message, one["place"], numbers, fix)


def _effect(place: Json | None, evidence: Evidence) -> tuple[str, tuple[Json, ...]]:
    """What the mode does to the metric of the same rows, in words and numbers, where it was tried."""
    tried = evidence.reports.get(OBSERVED + "mode_effect", {}).get("places", ())
    one = next((each for each in tried if each["place"] == place), None)
    if one is None:
        return "", ()
    words = f"; the {one['measure']} of {one['rows']} of these rows is {one['in_training_mode']:.4g} so, and "
    return f"{words}{one['in_evaluation_mode']:.4g} in evaluation mode", ({"effect": one},)


_NAMES = {"dropout": "dropout", "batch_norm": "batch norm"}


def _noisy_in_eval_mode(
    one: Json, layers: str, counted: str, numbers: tuple[Json, ...], evidence: Evidence
) -> FindingDraft:
    if one["forgotten"] and one["no_grad"]:
        message = (
            f"dropout active {counted} although the model is in evaluation mode: a functional dropout is not told, and"
            " drops by default"
        )
        fix = "give it training=self.training"
        return found(evidence, CODE, Severity.ERROR, message, one["place"], numbers, fix)
    message = (
        f"{layers} active {counted} although the model is in evaluation mode: is it switched on on purpose, as for"
        " Monte Carlo estimates?"
    )
    fix = "give a functional dropout training=self.training"
    return found(evidence, CODE, Severity.INFO, message, one["place"], numbers, fix)


def _in_rows(one: Json) -> bool:
    """Whether the calls come in rows between steps, or only after the last one, and not with every step."""
    different = sorted(set(one["steps"]))
    gaps = [later - earlier for earlier, later in pairwise(different)]
    return not gaps or sum(gaps) >= 2 * len(gaps)


def _stuck(trainings: list[Json], evaluations: list[Json], evidence: Evidence) -> list[FindingDraft]:
    """Training calls in evaluation mode, after an evaluation or from the start."""
    findings = []
    for one in trainings:
        if not one["quiet"] or one["calls"] < FEWEST_STEPS:
            continue
        modes = one["modes"]
        trailing = _trailing(modes)
        if not trailing or one["noisy"] > one["calls"] - trailing:
            continue
        before = one["steps"][-trailing]
        came_before = [e for e in evaluations if e["model"] == one["model"] and e["steps"] and e["steps"][0] <= before]
        evaluated = any(not all(e["modes"]) for e in came_before)
        is_switched = _switched_once(modes) and _is_evaluated_at(before, came_before)
        if trailing < (FEWEST_SWITCHED if is_switched else FEWEST_STEPS):
            continue
        numbers = ({"calls": one["calls"], "in_evaluation_mode": trailing, "first_step": before},)
        if evaluated:
            message = (
                f"{one['kind']} is trained in evaluation mode: after an evaluation nothing switched it back, so dropout"
                f" and batch norm rest in {trailing} of {one['calls']} training calls"
            )
            fix = "call model.train() at the beginning of each epoch, or after each evaluation"
            findings.append(found(evidence, CODE, Severity.ERROR, message, one["place"], numbers, fix))
        elif trailing == len(modes):
            findings.append(_never_switched_on(one, numbers, evidence))
    return findings


def _never_switched_on(one: Json, numbers: tuple[Json, ...], evidence: Evidence) -> FindingDraft:
    """What was loaded may rest on purpose while it is tuned; what was made at random has nothing to keep."""
    message = f"{one['kind']} is trained in evaluation mode from the start"
    fix = "call model.train() before training"
    loaded = evidence.reports.get(OBSERVED + "parameters", {}).get("loaded")
    if loaded == 0:
        message += ": dropout and batch norm rest, although nothing of the model was loaded"
        return found(evidence, CODE, Severity.WARNING, message, one["place"], numbers, fix)
    return found(evidence, CODE, Severity.INFO, f"{message}: is that meant so?", one["place"], numbers, fix)


def _switched_once(modes: list[bool]) -> bool:
    """Whether training began in training mode and left it for good."""
    return modes[0] and sum(one is not other for one, other in pairwise(modes)) == 1


def _is_evaluated_at(step: int, evaluations: list[Json]) -> bool:
    """Whether an evaluation in evaluation mode came between this step and the one before."""
    pairs = [pair for one in evaluations for pair in zip(one["steps"], one["modes"], strict=False)]
    return any(at == step and not mode for at, mode in pairs)


def _trailing(modes: list[bool]) -> int:
    """How many of the last calls were in evaluation mode."""
    count = 0
    for in_training in reversed(modes):
        if in_training:
            break
        count += 1
    return count


MODES = Check(
    name="eval.mode",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Is the model in evaluation mode when it is evaluated, and in training mode when it is trained?",
    needs=("observed.modes",),
    uses=("torch",),
    evidence="in how many calls dropout and batch norm were active",
    fix="model.eval() before evaluating, model.train() before training",
    judge=upon("modes", "whether the model is in the right mode", _judge),
)
