"""`mlintern confirm` and `mlintern seal`: the plan and its price first, nothing without a yes, and an honest result."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from mlintern.runtime.project import fingerprint, script_target
from mlintern.store import Store
from mlintern.store.records import Metric, Run, RungName, RungStatus, RunStatus

from .conftest import Mlintern

TRAIN = """\
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
noise = ((args.seed * 7919) % 13 - 6) / 1000
rows = [f"r{n},{int(n % 10 != args.seed % 3)}" for n in range(60)]
pathlib.Path("predictions.csv").write_text("id,prediction\\n" + "\\n".join(rows) + "\\n")
print(f"test accuracy {0.9 + noise:.4f}")
"""


@pytest.fixture
def full(folder: Path, home: Path) -> Run:
    """A full run that has finished, and the rungs below it passed."""
    script = folder / "train.py"
    script.write_text(TRAIN)
    target = script_target(Path("train.py"), (), working_dir=folder)
    with Store.open(home) as store:
        experiment = store.experiments.add(
            name="train.py", script=script, module=None, args=(), working_dir=folder, python=Path(sys.executable),
            fingerprint=fingerprint(target),
        )  # fmt: skip
        for rung in (RungName.STATIC, RungName.DRYRUN, RungName.REHEARSAL, RungName.OVERFIT, RungName.PILOT):
            store.rungs.set(experiment.id, rung, RungStatus.PASSED)
        run = store.runs.add(
            experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=60.0, folder_root=home
        )
        store.metrics.add(run.id, [Metric("printed/test accuracy", 1, 0.9)])
        store.rungs.set(experiment.id, RungName.FULL, RungStatus.PASSED, run_id=run.id)
        now = time.time()
        return store.runs.update(run.id, status=RunStatus.DONE, started_at=now, ended_at=now + 2, wall_seconds=2.0)


def test_from_the_plan_to_the_report(mlintern: Mlintern, full: Run, home: Path, tmp_path: Path) -> None:
    words = ("confirm", full.id, "--target", "0.8", "--seeds", "3", "--json")
    nobody = mlintern(*words)
    assert nobody.code == 3, nobody.err
    told = nobody.json("confirm")
    assert told["plan"]["claim"] == "test accuracy reaches 0.8 (a person)" and told["plan"]["runs"] == 4
    assert told["asks"]["rung"] == "confirm" and told["confirmation"] is None
    assert mlintern(*words, "--approve", "1s").code == 3
    with Store.open(home) as store:
        assert store.confirmations.recent() == () and len(store.runs.page()) == 1

    done = mlintern(*words, "--approve", "60s")
    assert done.code == 0, done.err
    told = done.json("confirm")
    assert [one["purpose"] for one in told["runs"]] == ["seed", "seed", "seed", "again"]
    assert told["confirmation"]["summary"]["claims"][0]["answer"] == "supported", told
    assert mlintern("confirm", "--resume").out.count("SUPPORTED") == 1
    run = told["runs"][0]["run"]
    report = mlintern("report", run)
    assert report.code == 0 and "Confirmation on fresh seeds" in report.out
    assert "reaches 0.8 in test accuracy" in report.out
    held = tmp_path / "report.json"
    mlintern("report", run, "--format", "json", "--output", held)
    again = mlintern("verify", run, "--report", held)
    assert again.code == 0, again.out


def test_sealed_labels_ask_for_a_goal_first(mlintern: Mlintern, full: Run, folder: Path) -> None:
    (folder / "labels.csv").write_text("id,label\n" + "".join(f"r{n},1\n" for n in range(60)))
    kept = mlintern("seal", "labels.csv", "--for", "train.py")
    assert kept.code == 0 and "NOT sealed as long as" in kept.out
    moved = mlintern("seal", "labels.csv", "--for", "train.py", "--move", "--json").json("seal")
    assert moved["rows"] == 60 and moved["left"] is None and "sealed/accuracy" in moved["metrics"]
    without = mlintern("confirm", full.id)
    assert without.code == 2 and "fixed before they are opened" in without.err
    told = mlintern("confirm", full.id, "--target", "0.8", "--json").json("confirm")
    assert told["plan"]["metric"] == "sealed/accuracy" and told["plan"]["looked_at"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("confirm", "--resume"), "no confirmation to come back to"),
        (("confirm", "1", "--against", "1"), "the same configuration"),
        (("confirm", "1", "--seeds", "many"), "not a number from 0 to 64"),
        (("confirm", "1", "--metric", "f1"), "it told test accuracy"),
        (("confirm", "77"), "no run 77"),
        (("seal", "nowhere.csv", "--for", "train.py"), "no file of labels"),
        (("seal", "train.py", "--for", "nowhere.py"), "does not exist"),
    ],
)
def test_bad_usage_ends_with_2(mlintern: Mlintern, full: Run, words: tuple[str, ...], told: str) -> None:
    done = mlintern(*words)
    assert done.code == 2, done.err
    assert "Traceback" not in done.err and told in done.err
