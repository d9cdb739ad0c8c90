"""`mlintern result` as it is typed: against the paper, with the test split read once."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.world import World
from mlintern.planner import briefs
from mlintern.planner.reading.checklist import Checklist
from mlintern.planner.reading.reading import brief_of
from mlintern.planner.reading.source import read_text

from .conftest import Mlintern

PAPER = "We train a net on iris with Adam for 10 epochs. It reaches an accuracy of 90.0 ± 0.5 % on the test split.\n"
EVALUATE = """import pathlib, sys
rows = [f"{n},{n % 2},{n % 2 if n < 181 else 1 - n % 2}" for n in range(200)]
text = "row_id,label,prediction\\n" + "\\n".join(rows)
(pathlib.Path(sys.argv[2]) / "predictions_test.csv").write_text(text)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one full run that follows a paper, and one that follows none."""
    world = World(tmp_path / "world")
    with world.store:
        world.run(world.experiment("--plain"), {"test accuracy": [0.9]})
        world.script("evaluate.py", EVALUATE)
        world.script("experiment.toml", '[experiment]\ntrain = "train.py"\nevaluate = "evaluate.py"\n')
        checklist = Checklist(brief_of(read_text(PAPER, "paper.txt")))
        (world.project / briefs.FILE).write_text(briefs.text_of(checklist), encoding="utf-8")
        experiment = world.experiment()
        briefs.take_up(world.store, experiment)
        world.run(experiment, {"val_accuracy": [0.95]})
        (world.project / "runs").mkdir()
        (world.project / "runs" / "best.pt").write_text("weights")
    return world.home


def test_the_paper_is_answered_once_the_test_split_was_read(mlintern: Mlintern) -> None:
    before = mlintern("result", "2")
    assert before.code == 0 and "the test split was not read yet" in before.out
    assert "mlintern result 2 --read-test" in before.err
    told = mlintern("result", "2", "--read-test", "--json").json("result")
    (target,) = told["targets"]
    assert told["test_read"] and (target["value"], target["verdict"]) == (pytest.approx(90.5), "inconclusive")
    assert "one run is one draw" in mlintern("result", "2").out
    again = mlintern("result", "2", "--read-test", "--json")
    assert again.code == 2 and again.error["code"] == "test_split"


def test_a_run_that_follows_no_paper_says_so(mlintern: Mlintern) -> None:
    done = mlintern("result", "1")

    assert done.code == 2 and "follows no paper" in done.err
