"""Ranks under the launcher: one that stands still is found by the stacks of all, and one that dies ends all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlintern.benchmarks.distributed import score
from mlintern.benchmarks.distributed.programs import FAULTS, LATER, SOUND, Program
from mlintern.planner.diagnosis.ranks.of_report import rank_facts

BY_NAME = {program.name: program for program in (*FAULTS, *SOUND)}


@pytest.fixture(autouse=True)
def few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than it takes to see that nothing comes."""
    monkeypatch.setattr(score, "PATIENCE_SECONDS", 4.0)


def test_every_change_of_the_suite_fits_its_base() -> None:
    assert len(FAULTS) >= 20 and len(SOUND) >= 10
    for program in (*FAULTS, *SOUND, *LATER):
        compile(program.source(), program.name, "exec")
    with pytest.raises(ValueError, match="stands 0 times"):
        Program("none", "classifier.py", (("nowhere", ""),)).source()


def test_a_rank_that_stands_still_is_named_with_its_line() -> None:
    told = score.run(BY_NAME["storage_does_not_answer"])

    assert told["right"], told
    assert told["hang_seconds"] < 30


def test_a_rank_that_is_killed_ends_all_and_is_named() -> None:
    told = score.run(BY_NAME["killed"])

    assert told["right"], told


def test_a_report_of_another_shape_gives_what_there_is() -> None:
    odd = {"ranks": [{"rank": "x"}, {"rank": 1, "collectives": [{"sequence": "a"}, 3], "died_at": 5}, 7], "hang": 3}

    assert rank_facts(json.loads(json.dumps(odd)))[1].collectives == ()
    assert rank_facts({}) == {}


def test_the_suite_is_scored(tmp_path: Path) -> None:
    raw = {"killed": {"right": True, "seconds": 1.0}, "classifier": {"right": False, "code": "x", "ranks": [],
           "lies_in": "code", "what": "…"}}  # fmt: skip
    words = list(score.summary(raw))

    assert words[0].startswith("1 of 1 faults") and words[1].startswith("1 alarms on 1 sound")
