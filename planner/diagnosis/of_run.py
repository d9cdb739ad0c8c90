"""What is known of a run of ours besides its log: how it ended, its exception, its memory, its losses.

Invariant: what the run's record says comes before what its log says; both stand in the evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...store.records import Json, Metric, Run, RungName, RunStatus, Severity
from ..finding import FindingDraft
from ..judge import judge
from . import numbers
from .diagnose import diagnose, weigh
from .hypothesis import Certainty, Depth, Diagnosis, Hypothesis, Measure, Quote
from .log import Log
from .ranks.of_report import rank_facts
from .ranks.verdict import of_ranks

_TESTS = {
    "memory.oom": "run one step of the largest batch with half its rows, and look at the peak",
    "memory.leak": "compare the memory at the end of step 10 and of step 110: only a leak has grown",
}
_ANY_TEST = "climb the rehearsal again (`mlintern check`): it fails again in seconds if it is the code"


def diagnose_run(
    run: Run, log: Log, reports: Mapping[str, Json], series: Mapping[str, Sequence[Metric]]
) -> Diagnosis:
    """The diagnosis of an ended run; one that is done is looked at too, since a loss may not be finite."""
    last = {name: values[-1] for name, values in series.items() if values}
    told = list(_told(run, reports, last)) if _can_be_judged(run) else []
    by_numbers = list(_by_numbers(series))
    seen = diagnose(log, of_ranks(rank_facts(reports.get("ranks") or {})))
    found = [one for one in (seen.cause, *seen.others, *seen.followed) if one is not None]
    if run.status not in (RunStatus.FAILED, RunStatus.LOST):
        found = [one for one in found if one.code != "run.crash.silent"]
    ruled_out = seen.ruled_out
    if run.status is RunStatus.DONE:
        ruled_out += tuple(f"{one.what}: the run came to its end all the same" for one in found if not _shows(one))
        found = [one for one in found if _shows(one)]
    merged = [_merged(one, told) for one in found]
    known = {one.code for one in found}
    rest = [one for one in (*by_numbers, *told) if one.code not in known and not _is_said_better(one, found)]
    return weigh((*merged, *rest), ruled_out)


def _shows(one: Hypothesis) -> bool:
    """Whether it is wrong although the run came to its end."""
    return one.code.startswith("numeric.") or (one.code == "dist.mispaired" and one.at < 0)


def _can_be_judged(run: Run) -> bool:
    """A dry run that breaks off says nothing of the script: the rehearsal comes right after."""
    return run.status.is_over and run.rung is not RungName.DRYRUN


def _told(run: Run, reports: Mapping[str, Json], last: Mapping[str, Metric]) -> Iterator[Hypothesis]:
    """What the run's record says by itself."""
    for finding in judge(run, reports, last).findings:
        if finding.severity is Severity.ERROR and not finding.code.startswith("numeric"):
            yield _of_finding(finding)
    if run.status in (RunStatus.STOPPED, RunStatus.LOST):
        yield _stopped(run)


def _of_finding(finding: FindingDraft) -> Hypothesis:
    fix = finding.fix or "mend the line that it names"
    return Hypothesis(
        finding.code,
        finding.message,
        Certainty.CERTAIN,
        tuple(Quote(_words(one)) for one in finding.evidence),
        _TESTS.get(finding.code, _ANY_TEST),
        (Measure(fix, "it is as the evidence says"),),
        depth=Depth.EXCEPTION if finding.code == "run.crash" else Depth.CAUSE,
        at=1 << 40,
    )


def _stopped(run: Run) -> Hypothesis:
    reason = run.reason or ("its supervisor vanished" if run.status is RunStatus.LOST else "it was stopped")
    at_ceiling = "ceiling" in reason or "budget" in reason
    lost = run.status is RunStatus.LOST
    code = "run.crash.killed" if lost else "run.crash.time_limit" if at_ceiling else "run.crash.interrupted"
    remedy = "approve a ceiling that its pace foretells, and " if at_ceiling else ""
    return Hypothesis(
        code,
        f"it did not come to its end: {reason}",
        Certainty.POSSIBLE if lost else Certainty.CERTAIN,
        (Quote(f"status {run.status}, {reason}, after {run.steps or 0} of {run.planned_steps or 'unknown'} steps"),),
        "look at what the machine did at that time (dmesg)" if lost else "compare its pace with its forecast",
        (Measure(f"{remedy}resume from its last checkpoint", "nothing in the program is wrong"),),
        depth=Depth.ENDING,
        at=1 << 40,
    )


def _by_numbers(series: Mapping[str, Sequence[Metric]]) -> Iterator[Hypothesis]:
    for name, metrics in series.items():
        if "loss" not in name:
            continue
        values = [(metric.step, metric.value) for metric in metrics]
        quotes = {metric.step: Quote(f"{name} {metric.value:g} at step {metric.step}") for metric in metrics}
        if (found := numbers.of_series(name, values, quotes)) is not None:
            # A step is no place in the log; what is not finite came before what the run then died of.
            yield replace(found, at=0)


def _merged(seen: Hypothesis, told: Sequence[Hypothesis]) -> Hypothesis:
    """What the log shows, with the run's own words where they speak of the same."""
    same = next((one for one in told if one.code == seen.code), None)
    if same is None:
        return seen
    measures = dict.fromkeys((*same.measures, *seen.measures))
    return replace(seen, what=same.what, quotes=(*seen.quotes, *same.quotes), measures=tuple(measures))


def _is_said_better(one: Hypothesis, found: Sequence[Hypothesis]) -> bool:
    """A plain exception or ending of which the log tells the reason."""
    return one.code == "run.crash" and any(other.depth is not Depth.ECHO for other in found)


def _words(evidence: Mapping[str, Any]) -> str:
    return json.dumps(dict(evidence), default=str, ensure_ascii=False)[:500]
