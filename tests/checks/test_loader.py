"""A loader that stands still is told with the line where it stands; one that is only slow is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks import loader_slow, loader_stuck
from mlintern.planner.checks.check import Answer, Evidence
from mlintern.store.records import Severity

HERE = Path("/work/project")
STACK = [
    {"file": "/lib/python/threading.py", "line": 9, "function": "acquire", "users": False},
    {"file": "/work/project/train.py", "line": 13, "function": "__getitem__", "users": True},
]


def process(*, stands: bool, waits_in: str | None = "futex_wait_queue") -> dict[str, Any]:
    return {"pid": 7, "frames": STACK, "cpu_seconds": 0.0, "same": stands, "stands": stands, "waits_in": waits_in}


def stuck(*workers: dict[str, Any], **more: Any) -> Evidence:
    main = process(stands=True, waits_in="do_poll")
    report = {"seconds": 26.0, "usual": 0.01, "main": main, "workers": list(workers)}
    return Evidence({"stuck": report, **more}, HERE)


def test_workers_that_wait_for_a_lock_are_told_with_their_line() -> None:
    judged = loader_stuck.judge(stuck(process(stands=True), process(stands=True)))
    (finding,) = judged.findings
    assert (finding.code, finding.severity, finding.line) == ("loader.deadlock", Severity.ERROR, 13)
    assert "train.py:13 in __getitem__" in finding.message and "lock" in finding.message
    assert finding.evidence[0]["stack"] == ["train.py:13 __getitem__"]


@pytest.mark.parametrize(("waits_in", "word"), [("hrtimer_nanosleep", "sleeps"), (None, "outside the process")])
def test_what_they_wait_for_is_told_apart(waits_in: str | None, word: str) -> None:
    (finding,) = loader_stuck.judge(stuck(process(stands=True, waits_in=waits_in))).findings
    assert word in finding.message


def test_without_workers_the_script_itself_stands() -> None:
    (finding,) = loader_stuck.judge(stuck()).findings
    assert "the loader stands" in finding.message


def test_a_wait_that_went_on_is_fine() -> None:
    assert loader_stuck.judge(stuck(process(stands=True), end={"ok": True})).answer is Answer.FINE
    assert loader_stuck.judge(Evidence({}, HERE)).answer is Answer.FINE


def test_a_wait_that_went_on_before_the_run_was_stopped_is_fine_too() -> None:
    """The run met its ceiling later: nothing of that is the loader's."""
    slow = stuck(process(stands=True))
    over = Evidence({"stuck": {**slow.reports["stuck"], "went_on": True}}, HERE)
    assert loader_stuck.judge(over).answer is Answer.FINE


def test_workers_that_still_compute_do_not_stand_still() -> None:
    assert loader_stuck.judge(stuck(process(stands=False))).answer is Answer.COULD_NOT_TELL


def loops(*, wait: float, wall: float, planned: int, seen: int = 20) -> Evidence:
    clock = {"count": 20, "cpu": 1.0, "wall": 1.0, "cpu_squares": 0.1}
    node = {
        "kind": "for", "file": "/work/project/train.py", "line": 9, "text": "for x in loader", "variant": 0,
        "role": "train", "entries": 1, "iterations": seen, "planned_sum": planned, "planned_count": 1,
        "planned_unknown": 0, "cut": True, "steps": {"0": 20}, "backwards": 20, "head": clock, "start": clock,
        "warm": clock, "last": clock, "wait": wait, "self_cpu": wall, "self_wall": wall, "children": [],
    }  # fmt: skip
    root = {**node, "kind": "root", "role": "plain", "wait": 0.0, "iterations": 0, "children": [node]}
    return Evidence({"loops": {"tree": root}}, HERE)


@pytest.mark.parametrize(
    ("wait", "seen", "planned", "severity"),
    [
        (1.8, 900, 1_000_000, Severity.WARNING),  # half an hour of waiting ahead, 2 ms a batch
        (1.8, 900, 50_000, Severity.INFO),  # two minutes of it, as of rows that are there
        (1.8, 20, 200, Severity.WARNING),  # 18 seconds, but 90 ms a batch: each sample is work
        (1.8, 20, 100, None),  # nine seconds
        (0.6, 20, 100_000, None),  # waiting, but mostly computing
    ],
)
def test_waiting_matters_where_much_of_it_is_ahead(
    wait: float, seen: int, planned: int, severity: Severity | None
) -> None:
    judged = loader_slow.judge(loops(wait=wait, wall=2.0, planned=planned, seen=seen))
    assert [finding.severity for finding in judged.findings] == ([] if severity is None else [severity])
    assert (judged.answer is Answer.FINE) == (severity is None)


def test_a_training_without_a_loader_never_waits() -> None:
    assert loader_slow.judge(loops(wait=0.0, wall=2.0, planned=10_000)).answer is Answer.FINE
    assert loader_slow.judge(Evidence({"loops": {"tree": {}}}, HERE)).answer is Answer.COULD_NOT_TELL


def test_epochs_that_the_rehearsal_left_out_count() -> None:
    """Two of eight epochs were begun: the waiting ahead is that of all eight."""
    once = loops(wait=2.6, wall=2.8, planned=120, seen=92)
    root = once.reports["loops"]["tree"]
    (training,) = root["children"]
    epochs = {**training, "line": 5, "role": "outer", "iterations": 2, "planned_sum": 8, "wait": 0.0, "steps": {}}
    epochs["children"] = [{**training, "entries": 2, "planned_sum": 240, "planned_count": 2}]
    judged = loader_slow.judge(Evidence({"loops": {"tree": {**root, "children": [epochs]}}}, HERE))
    (finding,) = judged.findings
    assert finding.severity is Severity.WARNING and "about 27 s of the full run" in finding.message
