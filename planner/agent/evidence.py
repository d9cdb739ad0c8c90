"""What must be there before anybody may say that the work is done.

Invariant: decided from the store alone: from the run, its checks, its seal, and the targets of the papers that were
read in the conversation. What a model says counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...store import Store
from ...store.records import Run, RungName, RunStatus
from ..accepted import standing_errors
from ..claims.gather import EXAMINED, Gatherer
from ..claims.verdict import Answer, judge
from ..verification import metric_names
from ..verification.verify import troubles

FINAL = (RungName.FULL, RungName.CONFIRM)


def missing(store: Store, run: Run, targets: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What still stands against it, each in a few words; empty where the evidence is all there."""
    return tuple(_missing(store, run, targets))


def _missing(store: Store, run: Run, targets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if run.rung not in FINAL:
        yield f"run {run.id} is of the rung {run.rung}, and only a full run has a result"
    if run.status is not RunStatus.DONE:
        yield f"run {run.id} is {run.status}, not done"
    if run.rung not in FINAL or run.status is not RunStatus.DONE:
        return
    experiment = store.experiments.get(run.experiment_id)
    rungs = store.rungs.all(experiment.id)
    for finding in standing_errors(store, experiment, rungs):
        yield f"finding {finding.id} ({finding.code}) stands, and nobody accepted it"
    gatherer = Gatherer(store)
    for one in troubles(gatherer.verified(run)):
        yield f"{one.what} does not agree with the record"
    metrics = gatherer.metrics(run)
    claims = [gatherer.reached(run, name, target["value"]) for name, target in _measured(metrics, targets)]
    if not metrics:
        yield f"run {run.id} told no metric of an evaluation"
    elif targets and not claims:
        yield "none of the targets that were read was measured"
    unexamined = sorted({name for claim in claims for name in claim.own.unexamined}) if claims else [
        str(name) for name in EXAMINED if rungs[name].status != "passed"
    ]  # fmt: skip
    if unexamined:
        yield f"the checks of {', '.join(unexamined)} were not passed"
    for claim in claims:
        verdict = judge(claim)
        if verdict.answer is not Answer.SUPPORTED:
            yield f"that {claim.metric} reaches {claim.target} is {verdict.answer}: {'; '.join(verdict.because)}"


def _measured(
    metrics: Sequence[str], targets: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each target with the metric of the same measure, of the same split where both name one."""
    for target in targets:
        for name in metrics:
            splits = {metric_names.split(name), target["split"]} - {None}
            if metric_names.measure(name) == metric_names.measure(str(target["metric"])) and len(splits) < 2:
                yield name, target
                break
