"""`mlintern check` on a script of several processes: rehearsed as so many ranks, and what only they can show."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mlintern.benchmarks.distributed.programs import CLASSIFIER, Program

from .conftest import Mlintern

SAMPLER = ("        sampler.set_epoch(epoch)\n", "")
SAVE = ("            save(model, epoch)\n", "        save(model, epoch)\n")
PADDED = ("Points(2, 128)", "Points(2, 129)")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two busy threads on two shared cores would measure each other."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_what_only_ranks_can_show_is_found_in_one_rehearsal(mlintern: Mlintern, folder: Path) -> None:
    (folder / "train.py").write_text(Program("three", CLASSIFIER, (SAMPLER, SAVE, PADDED)).source())
    done = mlintern("check", "train.py", "--to", "rehearsal", "--json", "--python", sys.executable)
    told = done.json("check")

    assert [(one["rung"], one["status"]) for one in told["rungs"]][-1] == ("rehearsal", "passed"), done.err
    found = {one["code"]: one for one in told["findings"] if one["severity"] != "info"}
    assert found.keys() == {"dist.sampler", "dist.checkpoint", "dist.metric"}
    assert found["dist.sampler"]["file"] == "train.py" and "set_epoch" in found["dist.sampler"]["fix"]
    assert done.code == 1 and not (folder / "checkpoint.pt").exists()
    assert told["forecast"]["steps"] == 6 * 16, "of one rank of two: half of the 32 batches"
    assert any("parameters are equal on 2 ranks" in words for words in told["verified"])
    assert any("collectives, call site by call site" in words for words in told["verified"])


def test_a_number_of_processes_that_is_none_is_refused(mlintern: Mlintern, folder: Path) -> None:
    (folder / "train.py").write_text("print()\n")
    for number in ("0", "two", "65"):
        assert mlintern("check", "train.py", "--processes", number, "--json").code == 2
