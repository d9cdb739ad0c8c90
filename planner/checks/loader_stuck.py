"""Does the data loader come to a standstill? Read from where its workers stood while the script waited for a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine

CODE = "loader.deadlock"
REPORT = "stuck"
_LOCKS, _SLEEPS = ("futex", "do_wait", "pipe_wait", "sem"), ("nanosleep",)


def judge(evidence: Evidence) -> Judgement:
    """A standstill is an error where nobody who was waited for moved; a wait that went on is not."""
    stuck = evidence.reports.get(REPORT)
    if stuck is None:
        return fine("the data loader never kept the script waiting without end")
    waited = f"the data loader kept the script waiting for {stuck['seconds']:.0f} s"
    if stuck.get("went_on") or evidence.reports.get("end", {}).get("ok"):
        return fine(f"{waited}, and went on")
    who = [one for one in stuck["workers"] or [stuck["main"]] if one["stands"]]
    if not who:
        return could_not_tell(f"whether the data loader stands still: {waited}, and was still at work")
    return fault(_finding(stuck, who[0], len(stuck["workers"]), evidence))


def _finding(stuck: Json, one: Mapping[str, Any], workers: int, evidence: Evidence) -> FindingDraft:
    frame = next((frame for frame in one["frames"] if frame["users"]), None)
    where = "" if frame is None else f" at {evidence.shown(frame['file'])}:{frame['line']} in {frame['function']}"
    whom = f"all {workers} workers stand" if workers > 1 else "the worker stands" if workers else "the loader stands"
    how, fix = _how(one.get("waits_in"), workers)
    message = f"no batch came for {stuck['seconds']:.0f} s: {whom} still{where}; {how}"
    rows = tuple(_row(each, evidence) for each in [*stuck["workers"], stuck["main"]])
    return FindingDraft(
        CODE, Severity.ERROR, message, rows, None if frame is None else frame["file"], frame and frame["line"], fix
    )


def _how(waits_in: str | None, workers: int) -> tuple[str, str]:
    if waits_in and any(word in waits_in for word in _SLEEPS):
        return "it sleeps there", "let the sample fail after a time limit, or bound the wait: DataLoader(timeout=60)"
    if waits_in and any(word in waits_in for word in _LOCKS):
        words = "it waits for a lock" + (", which a forked worker may have inherited locked" if workers else "")
        return words, "make locks, pools and files inside the worker (worker_init_fn), or start workers by 'spawn'"
    return "it waits for something outside the process", "look at what that line waits for: a lock, a file, the network"


def _row(one: Mapping[str, Any], evidence: Evidence) -> Json:
    own = [frame for frame in one["frames"] if frame["users"]] or one["frames"]
    stack = [f"{evidence.shown(frame['file'])}:{frame['line']} {frame['function']}" for frame in own[:4]]
    return {"pid": one["pid"], "cpu_seconds": one["cpu_seconds"], "waits_in": one.get("waits_in"), "stack": stack}


CHECK = Check(
    name="loader.deadlock",
    codes=(CODE,),
    rung=RungName.REHEARSAL,
    question="Does the data loader come to a standstill?",
    needs=(),
    uses=("torch",),
    evidence="the stacks of the workers and of the script, twice, and the processor time used in between",
    fix="make locks and files inside the worker, or bound the wait",
    judge=judge,
)
