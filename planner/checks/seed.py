"""Whether two short runs of the same script begin alike.

Invariant: only the first steps are compared, which take the same batches in a rehearsal and in an examination.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import found, upon

CODE = "repro.seed"
COMPARED_STEPS = 2
"""Where iterations are slow, the third of a short run may already be the last of the epoch."""
ROUNDING = 1e-4
"""Relative difference that kernels whose order of addition is not fixed may make."""
SEEDS = ("torch.manual_seed", "numpy.random.seed", "random.seed")


def _judge(report: Json, evidence: Evidence) -> Judgement:
    losses: Mapping[str, Sequence[Sequence[float]]] = evidence.reports.get("losses", {})
    first, second = (_by_step(losses.get(run, ())) for run in ("rehearsal", "overfit"))
    common = sorted(step for step in first.keys() & second.keys() if step <= COMPARED_STEPS)
    if not common:
        return could_not_tell("whether two runs begin alike: there are no losses of the same steps to compare")
    differing = [step for step in common if first[step] != second[step] and not _are_nan(first[step], second[step])]
    if not differing:
        return fine(f"two runs had bit-equal losses in their first {len(common)} steps")
    step, evaluated_after = differing[0], report["evaluated_after"]
    if evaluated_after is not None and step > evaluated_after:
        return could_not_tell("whether two runs begin alike: an evaluation comes first, which each run cuts otherwise")
    pair = {"step": step, "rehearsal": first[step], "examination": second[step]}
    apart = max(abs(first[s] - second[s]) / max(abs(first[s]), abs(second[s]), 1e-12) for s in differing)
    if apart <= ROUNDING:
        message = f"two runs differ from step {step} on by rounding, relative {apart:.1e}: a kernel is undetermined"
        return ask(found(evidence, CODE, Severity.INFO, message, report["place"], (pair,)))
    seeded = {call["name"] for call in report["calls"] if call["fixed"]}
    missing = [name for name in SEEDS if name not in seeded]
    said = f"{', '.join(missing)} never called with a number" if missing else "a generator is not seeded, or too late"
    message = (
        f"two runs with the same settings differ from step {step} on: loss {first[step]:.6g} and {second[step]:.6g};"
        f" {said}"
    )
    fix = "seed every generator that is used before the data and the model are made: torch.manual_seed(seed), …"
    numbers = (pair, {"seeded": sorted(seeded)})
    return fault(found(evidence, CODE, Severity.WARNING, message, report["place"], numbers, fix))


def _are_nan(one: float, other: float) -> bool:
    return math.isnan(one) and math.isnan(other)


def _by_step(series: Sequence[Sequence[float]]) -> dict[int, float]:
    return {int(step): loss for step, loss in series}


SEED = Check(
    name="repro.seed",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Do two runs of the script begin alike?",
    needs=("observed.seeds", "losses"),
    uses=("torch",),
    evidence="the losses of the first steps of two runs",
    fix="seed every generator that is used",
    judge=upon("seeds", "whether two runs begin alike", _judge),
)
