"""`report`, `verify` and `saved` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.world import World, change_report, guesses
from mlintern.store.records import RunStatus

from .conftest import Mlintern


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a sound run, one that failed, and one under way."""
    world = World(tmp_path / "world")
    with world.store:
        for seed in (1, 2):
            experiment = world.experiment("--seed", str(seed))
            rows = guesses(950 + seed, seed=seed)
            world.run(experiment, {"test accuracy": [0.95 + seed / 1000]}, predictions=rows)
        world.run(experiment, {}, status=RunStatus.FAILED)
        stopped = world.experiment("--lr", "9")
        world.find(stopped, "data.leak.overlap")
        run = world.run(stopped, {})
        world.store.runs.update(run.id, status=RunStatus.RUNNING, supervisor_pid=None)
        world.store._connection.write("UPDATE runs SET created_at = created_at + 1000000 WHERE id = ?", (run.id,))
    return world.home


def test_report_in_its_three_forms(mlintern: Mlintern, folder: Path) -> None:
    text = mlintern("report", "1", "--target", "90")
    assert text.code == 0 and text.out.startswith("# Report of run 1: train.py\n")
    assert "\n**supported**: In run 1 test accuracy was 0.951 in the end." in text.out
    assert "reaches 0.9 in test accuracy" in text.out
    content = mlintern("report", "1", "--json", "--against", "3").json("report")
    assert content["run"] == 1 and len(content["sections"]) == 13
    done = mlintern("report", "1", "--format", "html", "--output", "r.html", "--json").json("report")
    assert done == {"schema": 1, "run": 1, "format": "html", "file": "r.html"}
    assert (folder / "r.html").read_text().startswith("<!doctype html>")


def test_verify_tells_what_differs_by_its_exit_code(mlintern: Mlintern, home: Path) -> None:
    good = mlintern("verify", "1", "--json")
    assert good.code == 0
    assert {one["answer"] for one in good.json("verify")["checked"]} == {"matches", "told", "could not"}
    log = home / "runs" / "1" / "output.log"
    log.write_text(log.read_text().replace("0.951", "0.991"))
    bad = mlintern("verify", "1")
    assert bad.code == 1
    assert "DIFFERS: log: " in bad.out and "DIFFERS: printed metrics: " in bad.out


def test_an_edited_report_is_told(mlintern: Mlintern, folder: Path) -> None:
    assert mlintern("report", "1", "--format", "json", "--output", "r.json").code == 0
    assert mlintern("verify", "1", "--report", "r.json").code == 0
    change_report(folder / "r.json", 0.951, 0.991)
    edited = mlintern("verify", "1", "--report", "r.json")
    assert edited.code == 1
    assert "metric 1 printed/test accuracy value is 0.951 (0.951); the report says 0.991 (0.991)" in edited.out


def test_a_section_that_was_taken_out_is_told(mlintern: Mlintern, folder: Path) -> None:
    mlintern("report", "1", "--format", "json", "--output", "r.json")
    content = json.loads((folder / "r.json").read_text())
    content["sections"] = [one for one in content["sections"] if not one["title"].startswith("Failures")]
    (folder / "r.json").write_text(json.dumps(content))
    done = mlintern("verify", "1", "--report", "r.json")
    assert done.code == 1 and "the section “Failures and negative results” is gone" in done.out


def test_saved_tells_its_assumptions(mlintern: Mlintern, tmp_path: Path) -> None:
    found = mlintern("saved", "--json").json("saved")
    assert found["stopped"] == [] and found["net_seconds"] <= 0
    assert "assumed: a full run would have taken the lower bound of its forecast" in mlintern("saved").out
    assert mlintern("--home", tmp_path / "empty", "saved").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("report", "99"), "no run 99"),
        (("report", "1", "--against", "1"), "not compared with itself"),
        (("report", "1", "--metric", "bleu"), "has no metric bleu. It has test accuracy"),
        (("report", "1", "--target", "good"), "not a number"),
        (("report", "1", "--format", "pdf"), "pdf"),
        (("report", "1", "--output", "no/such/folder/x.md"), "cannot be written"),
        (("verify", "1", "--report", "missing.json"), "cannot be read"),
        (("verify", "one"), "not the number of a run"),
    ],
)
def test_bad_usage_is_told_in_one_line(mlintern: Mlintern, words: tuple[str, ...], said: str) -> None:
    done = mlintern(*words)
    assert done.code == 2 and said in done.err and done.err.count("\n") == 1
    error = mlintern(*words, "--json").error
    assert said in f"{error['message']} {error['hint']}"


@pytest.mark.parametrize("text", ["", "[]", '{"run": 2, "sections": []}', "not json"])
def test_a_file_that_is_no_report_is_refused(mlintern: Mlintern, folder: Path, text: str) -> None:
    (folder / "r.json").write_text(text)
    done = mlintern("verify", "1", "--report", "r.json")
    assert done.code == 2 and "is no report" in done.err
