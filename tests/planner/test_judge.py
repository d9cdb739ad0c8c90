"""What an ended run means: real crashes are errors, what the cutting may have caused is looked at again."""

from __future__ import annotations

from typing import Any

import pytest
from mlintern.planner.crashes import may_be_caused_by_cutting, names_a_cut_count, tell
from mlintern.planner.judge import judge
from mlintern.store.records import Metric, RungName, RungStatus, RunStatus, Severity


def crash(kind: str, message: str, **fields: Any) -> dict[str, Any]:
    """A crash after loops were cut."""
    place = {"file": "/p/train.py", "line": 9}
    told = {"type": kind, "message": message, **place, "frames": [place], "phase": "after training", "context": [],
            "forced": False, "after_cut": True, "cut_counts": [44]}  # fmt: skip
    return {**told, **fields}


@pytest.mark.parametrize(
    ("kind", "message", "words"),
    [
        ("RuntimeError", "Parent directory out/x does not exist.", "the folder out/x does not exist"),
        (
            "ValueError",
            "Unknown format code 'd' for object of type 'float'",
            "the format code 'd' does not fit a float",
        ),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'", "a.csv does not exist"),
        ("KeyError", "'lr'", "the key 'lr' does not exist"),
    ],
)
def test_a_crash_at_the_end_fails_the_rehearsal_in_words(make_run: Any, kind: str, message: str, words: str) -> None:
    seen = crash(kind, message)
    first = seen if may_be_caused_by_cutting(seen) else None
    verdict = judge(make_run(status=RunStatus.FAILED, exit_code=1), {"crash": seen}, {}, first_crash=first)
    assert verdict.status is RungStatus.FAILED
    (finding,) = verdict.findings
    assert (finding.code, finding.severity, finding.file, finding.line) == (
        "run.crash",
        Severity.ERROR,
        "/p/train.py",
        9,
    )
    assert words in finding.message


def test_a_length_that_does_not_fit_is_looked_at_again(make_run: Any) -> None:
    found = crash("RuntimeError", "The size of tensor a (64) must match the size of tensor b (1440)")
    failed = make_run(status=RunStatus.FAILED)
    assert judge(failed, {"crash": found}, {}).look_again
    second = judge(failed, {"crash": found}, {}, first_crash=found)
    assert not second.look_again and second.findings[0].severity is Severity.ERROR


def test_a_message_that_names_the_cut_is_no_fault_of_the_scripts(make_run: Any) -> None:
    found = crash("ValueError", "x and y must have same first dimension, but have shapes (3740,) and (44,)")
    verdict = judge(make_run(status=RunStatus.FAILED), {"crash": found}, {}, first_crash=found)
    assert verdict.status is RungStatus.PASSED
    assert [finding.severity for finding in verdict.findings] == [Severity.INFO]
    assert "could not tell" in verdict.findings[0].message


def test_before_any_cut_and_inside_a_layer_there_is_no_doubt() -> None:
    assert not may_be_caused_by_cutting(crash("ValueError", "boom", after_cut=False))
    layer = [{"file": "/lib/torch/nn/modules/linear.py", "line": 3}]
    assert not may_be_caused_by_cutting(crash("RuntimeError", "boom", frames=layer))
    assert may_be_caused_by_cutting(crash("ValueError", "boom"))


@pytest.mark.parametrize(("message", "named"), [("44 rows", True), ("440 rows", False), ("no number", False)])
def test_only_the_very_count_is_recognised(message: str, named: bool) -> None:
    assert names_a_cut_count(crash("ValueError", message)) is named


def test_a_hostile_message_is_only_text() -> None:
    story = tell(crash("Err[bold]", "{0} {1!r} \x1b[31m {unclosed", context=[{"last": True, "line": 3}]))
    assert "{0} {1!r}" in story.message


def test_death_without_an_exception_is_told_by_its_reason(make_run: Any) -> None:
    verdict = judge(make_run(status=RunStatus.FAILED, reason="killed by SIGKILL", signal=9), {}, {})
    assert verdict.status is RungStatus.FAILED and "SIGKILL" in verdict.findings[0].message


def test_a_ceiling_stops_and_a_loss_that_is_nan_fails_where_no_examination_follows(make_run: Any) -> None:
    assert judge(make_run(status=RunStatus.STOPPED, reason="ceiling of 60 s"), {}, {}).status is RungStatus.STOPPED
    broken = {"loss": Metric("loss", 3, float("nan"))}
    nan = judge(make_run(rung=RungName.PILOT), {}, broken)
    assert nan.status is RungStatus.FAILED and nan.findings[0].code == "numeric.nan"
    rehearsed = judge(make_run(), {}, broken)
    assert rehearsed.status is RungStatus.PASSED and rehearsed.findings[0].severity is Severity.ERROR
    assert judge(make_run(), {}, {"loss": Metric("loss", 3, 0.5)}).status is RungStatus.PASSED


@pytest.mark.parametrize("kind", ["KeyError", "FileNotFoundError", "TypeError"])
def test_what_iterations_left_out_may_have_caused_is_looked_at_again(make_run: Any, kind: str) -> None:
    run = make_run(status=RunStatus.FAILED, exit_code=1)
    assert judge(run, {"crash": crash(kind, "'ep9'")}, {}).look_again
    assert not judge(run, {"crash": crash(kind, "'ep9'", after_cut=False)}, {}).look_again


@pytest.mark.parametrize("status", [RunStatus.STOPPED, RunStatus.LOST])
def test_a_second_look_that_is_not_finished_does_not_hide_the_crash(make_run: Any, status: RunStatus) -> None:
    seen = crash("KeyError", "'lr'")
    run = make_run(status=status, reason="ceiling: 2 s of time")
    verdict = judge(run, {}, {}, first_crash=seen)
    assert verdict.status is RungStatus.FAILED
    assert "'lr'" in verdict.findings[0].message and "not finished" in str(verdict.findings[0].evidence)


def test_what_a_script_says_when_it_leaves_is_told(make_run: Any) -> None:
    run = make_run(status=RunStatus.FAILED, exit_code=1, reason="exit code 1")
    (finding,) = judge(run, {"end": {"ok": False, "words": "bad end"}}, {}).findings
    assert finding.message.endswith("exit code 1, and said: bad end")


def test_a_loss_that_was_lost_before_the_crash_stands_first(make_run: Any) -> None:
    found = crash("TypeError", "'NoneType' object is not a mapping")
    lost = {"loss": Metric("loss", 12, float("nan"))}

    verdict = judge(make_run(status=RunStatus.FAILED, exit_code=1), {"crash": found}, lost, first_crash=found)

    assert [one.code for one in verdict.findings] == ["numeric.nan", "run.crash"]
