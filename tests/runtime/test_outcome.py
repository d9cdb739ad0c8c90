"""Every way to end has its status and its words."""

from __future__ import annotations

import signal

import pytest
from mlintern.runtime.outcome import Outcome, judge
from mlintern.store.records import Json, RunStatus


def exited(code: int) -> int:
    return code << 8


def test_exit_0_is_done() -> None:
    assert judge(exited(0)) == Outcome(RunStatus.DONE, None, exit_code=0)


@pytest.mark.parametrize("status", [exited(0), exited(1), signal.SIGTERM, signal.SIGKILL])
def test_stopped_is_never_done(status: int) -> None:
    outcome = judge(status, stopped="ceiling: 5 s of time")
    assert (outcome.status, outcome.reason) == (RunStatus.STOPPED, "ceiling: 5 s of time")


def test_crash_says_what_and_where() -> None:
    crash = {"type": "ValueError", "message": "shapes differ\nsecond line", "file": "train.py", "line": 88}
    assert judge(exited(1), crash=crash).reason == "ValueError: shapes differ (train.py:88)"


@pytest.mark.parametrize("crash", [None, {}, {"type": 7}, {"message": "lost"}])
def test_exit_code_without_a_crash_that_can_be_read(crash: Json | None) -> None:
    assert judge(exited(2), crash=crash).reason == "the script ended with exit code 2"


def test_crash_report_of_a_script_that_recovered_counts_for_nothing() -> None:
    assert judge(exited(0), crash={"type": "ValueError"}).status is RunStatus.DONE


@pytest.mark.parametrize(
    ("number", "out_of_memory", "words"),
    [
        (signal.SIGKILL, False, "ended by SIGKILL: someone killed it, or the machine had no memory left"),
        (signal.SIGKILL, True, "killed by the kernel: the machine had no memory left (SIGKILL)"),
        (signal.SIGUSR1, False, "ended by SIGUSR1"),
        (signal.SIGRTMIN + 5, False, f"ended by signal {signal.SIGRTMIN + 5}"),
    ],
)
def test_signals(number: int, out_of_memory: bool, words: str) -> None:
    outcome = judge(number, out_of_memory=out_of_memory)
    assert outcome == Outcome(RunStatus.FAILED, words, signal=number)
