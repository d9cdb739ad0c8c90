"""Taking a finding as it is, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.store import Store
from mlintern.store.records import RungName, Severity

from .conftest import Mlintern


@pytest.fixture
def finding(mlintern: Mlintern, folder: Path, home: Path) -> int:
    """The number of a finding of an experiment whose static rung was climbed."""
    (folder / "train.py").write_text("print('hello')\n")
    assert mlintern("check", "train.py", "--to", "static").code == 0
    with Store.open(home) as store:
        (experiment,) = store.experiments.recent()
        return store.findings.add(
            experiment_id=experiment.id, run_id=None, code="data.leak.overlap", severity=Severity.ERROR,
            rung=RungName.STATIC, message="40 rows are in both splits", file="train.py", line=1,
        ).id  # fmt: skip


def test_a_finding_is_accepted_with_a_reason_and_taken_back(mlintern: Mlintern, finding: int) -> None:
    done = mlintern("accept", str(finding), "--reason", "the rows repeat by design", "--json")
    told = done.json("accept")["finding"]
    assert done.code == 0
    assert (told["id"], told["accepted"]) == (finding, {"reason": "the rows repeat by design", "by": "terminal"})
    back = mlintern("accept", str(finding), "--withdraw", "--json")
    assert back.code == 0 and back.json("accept")["finding"]["accepted"] is None
    again = mlintern("accept", str(finding), "--withdraw")
    assert again.code == 2 and "nothing to take back" in again.err


@pytest.mark.parametrize("words", [(), ("--reason", " ")])
def test_without_a_reason_nothing_is_accepted(mlintern: Mlintern, finding: int, words: tuple[str, ...]) -> None:
    done = mlintern("accept", str(finding), *words)
    assert done.code == 2 and "reason" in done.err


def test_a_finding_that_is_not_there(mlintern: Mlintern, finding: int) -> None:
    done = mlintern("accept", str(finding + 1), "--reason", "so", "--json")
    assert done.code == 2 and done.json("error")["error"]["code"] == "finding"
    assert mlintern("accept", "first", "--reason", "so").code == 2
