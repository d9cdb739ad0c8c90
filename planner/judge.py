"""What an ended run means for its rung: passed, failed or stopped, with findings, and what is and is not verified by
it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..store.records import Json, Metric, Run, RungName, RungStatus, RunStatus, Severity
from . import out_of_memory
from .crashes import may_be_caused_by_cutting, names_a_cut_count, same_crash, tell
from .finding import FindingDraft
from .looptree import LoopNode, LoopTreeError, parse

STOOD_STILL = 75
"""The exit code with which the probe ends a rehearsal whose loader stands still; see runtime/probe/stuck.py."""
HUNG = 76
"""The exit code of a rehearsal whose ranks wait for one another; see runtime/probe/ranks/launcher.py."""
NAN = "numeric.nan"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write on the rung."""

    status: RungStatus
    why: str | None = None
    findings: tuple[FindingDraft, ...] = ()
    look_again: bool = False
    """A second, more thorough rehearsal should decide."""
    verified: tuple[str, ...] = ()
    not_verified: tuple[str, ...] = ()


def judge(
    run: Run,
    reports: Mapping[str, Json],
    metrics: Mapping[str, Metric],
    *,
    first_crash: Json | None = None,
    alternatives: Sequence[str] = (),
) -> Verdict:
    """Judge an ended run from what was reported.

    ``first_crash`` is the crash that made a second rehearsal necessary, when ``run`` is that second one;
    ``alternatives`` are what would take less memory, in words.
    """
    if first_crash is not None and run.status in (RunStatus.STOPPED, RunStatus.LOST):
        return _failed(first_crash, {"seen": f"once; a second look was not finished: {run.reason}"})
    if run.status is RunStatus.STOPPED:
        died = out_of_memory.diagnose_death(run, reports, alternatives)
        return Verdict(RungStatus.STOPPED, run.reason or "stopped", (*_numeric(metrics), *filter(None, (died,))))
    if run.status is RunStatus.LOST:
        return Verdict(RungStatus.STOPPED, run.reason or "its supervisor vanished, so nobody saw how it ended")
    crash = reports.get("crash")
    if crash is not None:
        return _after_nan(_crashed(run, crash, first_crash, reports, alternatives), metrics, reports)
    if run.status is RunStatus.FAILED and run.exit_code == STOOD_STILL and "stuck" in reports:
        return Verdict(RungStatus.FAILED, "its data loader came to a standstill")  # the check of the loader tells it
    if run.status is RunStatus.FAILED and run.exit_code == HUNG and "ranks" in reports:
        return Verdict(RungStatus.FAILED, "its ranks wait for one another without end")  # the check of the ranks tells
    if run.status is not RunStatus.DONE:
        died = out_of_memory.diagnose_death(run, reports, alternatives) or _died(run, reports.get("end"))
        return Verdict(RungStatus.FAILED, run.reason, (*_numeric(metrics), died))
    leak = out_of_memory.leak_ahead(run, reports)
    findings = (*_numeric(metrics), *filter(None, (leak,)))
    failed = any(_ends_the_climb(finding, run) for finding in findings)
    return Verdict(
        RungStatus.FAILED if failed else RungStatus.PASSED, findings[0].message if failed else None, findings
    )


def _ends_the_climb(finding: FindingDraft, run: Run) -> bool:
    """A loss that is NaN in the rehearsal stands as an error, and the examination still looks for its operation."""
    left_to_the_examination = finding.code == NAN and run.rung is RungName.REHEARSAL
    return finding.severity is Severity.ERROR and not left_to_the_examination


def _crashed(
    run: Run, crash: Json, first_crash: Json | None, reports: Mapping[str, Json], alternatives: Sequence[str]
) -> Verdict:
    if out_of_memory.is_out_of_memory(crash):
        finding = out_of_memory.diagnose_crash(crash, reports, alternatives)
        return Verdict(RungStatus.FAILED, finding.message, (finding,))
    rehearsed = run.rung is RungName.REHEARSAL
    if rehearsed and first_crash is None and may_be_caused_by_cutting(crash):
        return Verdict(
            RungStatus.RUNNING, "a second look decides whether the cutting caused the crash", look_again=True
        )
    story = tell(crash)
    if rehearsed and may_be_caused_by_cutting(crash) and names_a_cut_count(crash):
        doubt = FindingDraft(
            "run.crash",
            Severity.INFO,
            f"could not tell whether the full run meets this: {story.message}. The message names the number of"
            " iterations that the rehearsal made, so the cut itself is the likely cause",
            story.evidence,
            story.file,
            story.line,
        )
        return Verdict(RungStatus.PASSED, "the end could not be reached in a rehearsal", (doubt,))
    confirmed = first_crash is not None and same_crash(first_crash, crash)
    return _failed(crash, *([{"seen": "twice, also with evaluation left whole"}] if confirmed else []))


def _failed(crash: Json, *more: Json) -> Verdict:
    """The rung has failed with this crash; ``more`` evidence goes with what the crash itself tells."""
    story = tell(crash)
    rank = () if crash.get("rank") is None else ({"rank": crash["rank"]},)
    evidence = (*story.evidence, *rank, *more)
    finding = FindingDraft("run.crash", Severity.ERROR, story.message, evidence, story.file, story.line, story.fix)
    return Verdict(RungStatus.FAILED, story.message, (finding,))


def _died(run: Run, end: Json | None) -> FindingDraft:
    words = (end or {}).get("words")
    said = f", and said: {words}" if words else ""
    return FindingDraft(
        "run.crash",
        Severity.ERROR,
        f"the script ended without an exception of its own: {run.reason or 'exit code ' + str(run.exit_code)}{said}",
        ({"exit_code": run.exit_code, "signal": run.signal},),
        fix="look at the end of its log",
    )


def _after_nan(verdict: Verdict, metrics: Mapping[str, Metric], reports: Mapping[str, Json]) -> Verdict:
    """What crashed after the loss was lost: the loss is the cause, and stands first."""
    broken = _numeric(metrics)
    if not broken or verdict.look_again:
        return verdict
    loop = _training_loop(reports)
    if loop is not None:
        broken = tuple(replace(one, file=loop.file, line=loop.line) for one in broken)
    return replace(verdict, findings=(*broken, *verdict.findings))


def _training_loop(reports: Mapping[str, Json]) -> LoopNode | None:
    try:
        tree = parse(reports["loops"]["tree"])
    except (KeyError, LoopTreeError):
        return None
    return next((node for node in tree.walk() if node.role == "train" and node.file is not None), None)


def _numeric(metrics: Mapping[str, Metric]) -> tuple[FindingDraft, ...]:
    broken = [metric for name, metric in metrics.items() if name.startswith("loss") and math.isnan(metric.value)]
    return tuple(
        FindingDraft(NAN, Severity.ERROR, f"{m.name} is NaN at step {m.step}", ({"step": m.step},))
        for m in broken
    )


def what_rehearsal_showed(reports: Mapping[str, Json]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``(verified, not verified)`` in words, from a passed rehearsal's loop tree."""
    try:
        tree = parse(reports["loops"]["tree"])
    except (KeyError, LoopTreeError):
        return (), ("what the rehearsal saw: its report is missing",)
    roles = [node for node in tree.walk() if node.kind in ("for", "while", "framework")]
    training = [node for node in roles if node.role == "train"]
    evaluation = [node for node in roles if node.role == "eval"]
    crash = reports.get("crash")
    verified = [] if crash is not None else ["the script runs from its first line to its exit"]
    if training:
        verified.append(f"training at {_places(training)} runs, to the last batch")
    if evaluation:
        verified.append(f"evaluation at {_places(evaluation)} runs")
    open_ = [] if training else ["training: no optimizer step was seen"]
    if crash is not None:
        open_.append("the end of the script, which the rehearsal could not reach")
    never = [node for node in tree.walk() if node.branch is not None and not node.entries]
    open_.extend(f"the branch at {node.place} was never taken: {node.text}" for node in never[:5])
    return tuple(verified), tuple(open_)


def _places(nodes: list[LoopNode]) -> str:
    places: dict[str, Any] = dict.fromkeys(node.place for node in nodes)
    return ", ".join(places)
