"""What a report means, without any interpreter: the pure part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks import static
from mlintern.store.records import Severity

WORK = Path("/work/project")
CALL = {"names": ["a"], "accepts": ["b", "_c"], "similar": [], "takes_positional": 1, "callee": "lib.f"}


def report(*faults: dict[str, Any], doubts: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "python": "3.12.1",
        "executable": "/env/bin/python",
        "files": ["/work/project/train.py", "/work/project/lib/a.py"],
        "checked": {"imports": 3, "names": 2, "calls": 4},
        "faults": faults,
        "could_not_tell": doubts,
    }


def fault(kind: str, certainty: str, **facts: Any) -> dict[str, Any]:
    place = {"file": "/work/project/train.py", "line": 7, "certainty": certainty, "may_have_left": False}
    words = {"message": "bad", "text": "x ="} if kind == "syntax" else {"owner": "lib", "name": "f", "similar": []}
    return {"kind": kind, **place, **words, **facts}


@pytest.mark.parametrize(
    ("kind", "certainty", "severity"),
    [
        ("syntax", "surely", Severity.ERROR),
        ("syntax", "perhaps", Severity.WARNING),
        ("name", "surely", Severity.ERROR),
        ("name", "when called", Severity.INFO),
        ("name", "perhaps", Severity.INFO),
        ("attribute", "surely", Severity.ERROR),
        ("attribute", "when called", Severity.ERROR),
        ("attribute", "perhaps", Severity.INFO),
        ("attribute", "never", Severity.INFO),
        ("call", "surely", Severity.ERROR),
        ("call", "when called", Severity.ERROR),
        ("call", "perhaps", Severity.WARNING),
        ("call", "never", Severity.INFO),
    ],
)
def test_severity_follows_how_sure_the_run_is_to_meet_it(kind: str, certainty: str, severity: Severity) -> None:
    facts = {**CALL, "problem": "unknown keyword"} if kind == "call" else {}
    checked = static.judge(report(fault(kind, certainty, **facts)), working_dir=WORK)
    assert [one.severity for one in checked.findings] == [severity]
    assert checked.has_errors == (severity is Severity.ERROR)
    assert (checked.findings[0].file, checked.findings[0].line) == ("train.py", 7)


def test_an_import_behind_an_early_return_is_only_worth_knowing() -> None:
    checked = static.judge(report(fault("name", "surely", may_have_left=True)), working_dir=WORK)
    assert [one.severity for one in checked.findings] == [Severity.INFO]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("unknown keyword", "lib.f takes no argument a"),
        ("missing", "lib.f is called without a"),
        ("given twice", "lib.f gets a twice, by position and by name"),
        ("too many positional", "lib.f takes at most 1 positional argument"),
    ],
)
def test_a_wrong_call_is_told_in_words(problem: str, words: str) -> None:
    found = static.judge(report(fault("call", "surely", **CALL, problem=problem)), working_dir=WORK).findings[0]
    assert found.message == words
    assert "_c" not in str(found.fix)


def test_nothing_wrong_is_verified_and_what_is_wrong_is_not() -> None:
    sound = static.judge(report(), working_dir=WORK)
    assert sound.findings == ()
    assert len(sound.verified) == 3
    broken = static.judge(report(fault("call", "surely", **CALL, problem="missing")), working_dir=WORK)
    assert not any("arguments" in line for line in broken.verified)
    assert any("parse" in line for line in broken.verified)


def test_doubts_are_gathered_by_their_reason() -> None:
    doubt = {"kind": "call", "file": "/work/project/train.py", "line": 1, "why": "no readable signature"}
    doubts = tuple({**doubt, "what": f"torch.f{number % 5}"} for number in range(9))
    lost = {**doubt, "what": "lib.g", "why": "importing lib fails: OSError: no"}
    checked = static.judge(report(doubts=(*doubts, lost)), working_dir=WORK)
    assert checked.not_verified == (
        "lib.g: importing lib fails: OSError: no",
        "the arguments of 9 calls whose signatures tell too little (torch.f0, torch.f1, torch.f2, …)",
    )
