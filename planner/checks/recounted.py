"""Which definition of a metric a printed number is, counted again from the evaluation's own answers.

Invariant: a number is called wrong only where its own name's definitions do not give it and another one surely does:
at every print of one place, and to more digits than chance gives.
"""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .metric_calls import blamed_lines
from .upon import found, upon

CODE = "eval.metric"
AVERAGED = ("binary", "macro", "weighted", "micro")
HARD_AUC = "ROC AUC of hard labels"
LOSS_OF_BATCHES, EXP_OF_BATCHES = "mean of the batches' mean losses", "exp of the mean of the batches' mean losses"
CALLED = {
    "accuracy": ("accuracy",), "auc": ("ROC AUC",), "mse": ("mse",), "rmse": ("rmse",), "mae": ("mae",), "r2": ("r2",),
    "perplexity": ("perplexity",), "loss": ("mean loss", "mse", "mae", "rmse"),
    **{name: tuple(f"{average} {name}" for average in AVERAGED) for name in ("f1", "precision", "recall")},
}  # fmt: skip
CONFUSED = {
    "accuracy": ("top-3 accuracy", "top-5 accuracy", "top-10 accuracy"), "auc": (HARD_AUC,), "rmse": ("mse",),
    "mse": ("rmse",), "mae": ("mse", "rmse"), "perplexity": ("mean loss", "mean of the batches' perplexities"),
}  # fmt: skip
"""What a name is sometimes given to, though it is something else."""
LITTLE = 0.01
"""Part of an error by which a mean over unequal batches may be off and is told only."""
ONCE, AGAIN = 6e-5, 6e-4
"""How far a printed number may be off: where it was printed once, and where it fits each time."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    places: dict[tuple[str, int, str], list[Json]] = {}
    for one in report["told"]:
        place = one["place"] or {"file": "", "line": 0}
        places.setdefault((str(place["file"]), int(place["line"]), str(one["name"])), []).append(one)
    blamed = blamed_lines(evidence)
    others = [told for (file, line, _), told in places.items() if (file, line) not in blamed]
    findings = [finding for told in others if (finding := _of_place(told, evidence)) is not None]
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    right = [one for one in report["told"] if _right(one)]
    if findings:
        return ask(*findings)
    if not right:
        return could_not_tell("which definition the printed metrics are: none gives what was printed")
    named = {f"the printed {one['name']} {one['printed']:.4g} is the {_right(one)[0]} of {one['rows']} {_unit(one)}"
             for one in {str(each["name"]): each for each in right}.values()}  # fmt: skip
    return fine("; ".join(sorted(named)[:4]))


def _of_place(told: list[Json], evidence: Evidence) -> FindingDraft | None:
    """What is wrong with what one line prints under one name."""
    if any(_right(one) for one in told):
        return _other_average(told, evidence)
    limit = ONCE if len(told) == 1 else AGAIN
    last = told[-1]
    if any(one["slack"] > limit or one["printed"] in (0.0, 1.0) for one in told):
        return None
    means = _shared(told, "fits_mean_of_batches", _called(last))
    if means and last["measure"] not in ("accuracy", "loss"):
        return _mean_of_batches(means[0], last, evidence)
    confused = _shared(told, "fits", CONFUSED.get(last["measure"], ()))
    if confused:
        return _confused(confused[0], last, evidence)
    if _shared(told, "fits", (LOSS_OF_BATCHES, EXP_OF_BATCHES)) and last["uneven"]:
        return _losses_of_batches(last, evidence)
    return None


def _shared(told: list[Json], key: str, names: tuple[str, ...]) -> list[str]:
    """Those of some definitions that fit each time."""
    return [name for name in names if all(name in one[key] for one in told)]


def _other_average(told: list[Json], evidence: Evidence) -> FindingDraft | None:
    """``macro f1`` that is the weighted one."""
    last = told[-1]
    said = [average for average in AVERAGED if average in last["words"]]
    is_sure = all(one["slack"] <= AGAIN and 0.0 < one["printed"] < 1.0 for one in told)
    if len(said) != 1 or not is_sure or all(f"{said[0]} {one['measure']}" in one["fits"] for one in told):
        return None
    fitting = _shared(told, "fits", _called(last))
    wanted = f"{said[0]} {last['measure']}"
    if not fitting or wanted not in last["definitions"]:
        return None
    return _finding(Severity.ERROR, fitting[0], wanted, last, evidence, "use the averaging that the name says")


def _mean_of_batches(name: str, last: Json, evidence: Evidence) -> FindingDraft | None:
    adds_up = name in ("mse", "mae", "accuracy", "mean loss")
    if adds_up and not last["uneven"]:
        return None
    true = float(last["definitions"][name])
    is_small = abs(last["printed"] - true) <= LITTLE * abs(true)
    if adds_up or name in ("rmse", "r2"):
        severity = Severity.INFO if is_small else Severity.WARNING
    else:
        severity = Severity.WARNING if is_small else Severity.ERROR
    what = f"mean of {last['batches']} batches' {name}"
    return _finding(severity, what, name, last, evidence, "gather all answers, and compute it once at the end")


def _confused(name: str, last: Json, evidence: Evidence) -> FindingDraft | None:
    wanted = next((one for one in _called(last) if one in last["definitions"]), None)
    if wanted is None:
        return None
    severity = Severity.WARNING if name == HARD_AUC else Severity.ERROR
    fix = "rank by probabilities or scores, not by classes" if name == HARD_AUC else "call it by its name"
    return _finding(severity, name, wanted, last, evidence, fix)


def _losses_of_batches(last: Json, evidence: Evidence) -> FindingDraft | None:
    wanted = next((one for one in _called(last) if one in last["definitions"]), None)
    if wanted is None:
        return None
    fix = "weight each batch's loss by its number of targets"
    return _finding(Severity.INFO, "mean over batches of unequal size", wanted, last, evidence, fix)


def _finding(
    severity: Severity, what: str, wanted: str, last: Json, evidence: Evidence, fix: str
) -> FindingDraft:
    message = (
        f"the printed {last['name']} {last['printed']:.5g} is the {what}; the {wanted} of the {last['rows']}"
        f" {_unit(last)} is {last['definitions'][wanted]:.5g}"
    )
    numbers = ({"printed": last["printed"], "rows": last["rows"], "batches": last["batches"],
                "definitions": {name: round(value, 6) for name, value in last["definitions"].items()}},)  # fmt: skip
    return found(evidence, CODE, severity, message, last["place"], numbers, fix)


def _right(one: Json) -> list[str]:
    """The definitions of its own name that give the printed number."""
    return [name for name in one["fits"] if name in _called(one)]


def _called(one: Json) -> tuple[str, ...]:
    measure, words = str(one["measure"]), set(one["words"])
    if measure.startswith("top-"):
        return (f"{measure} accuracy", *(("accuracy",) if measure == "top-1" else ()))
    if measure == "accuracy" and words & {"balanced", "bal"}:
        return ("balanced accuracy",)
    return CALLED.get(measure, ())


def _unit(one: Json) -> str:
    return "targets" if one["measure"] in ("loss", "perplexity") else "rows"


RECOUNTED = Check(
    name="eval.metric.printed.definition",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Which definition of its metric is each printed number?",
    needs=("observed.recounted",),
    uses=("numpy",),
    evidence="the printed number beside every definition, computed from the answers",
    fix="compute it once over all rows, and call it by its name",
    judge=upon("recounted", "which definition the printed metrics are", _judge),
)
