"""`mlintern sweep`: a plan and its price first, nothing without a yes, and an honest result. Real runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.store import Store
from mlintern.store.records import Decision, RungName, RungStatus

from .conftest import Mlintern

TRAIN = """\
import argparse
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--lr", type=float, default=0.001)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
torch.manual_seed(1)
rows = torch.randn(400, 8)
labels = (rows.sum(1) + 0.5 * torch.randn(400) > 0).long()
torch.manual_seed(args.seed)
model = torch.nn.Linear(8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
for epoch in range(args.epochs):
    for start in range(0, 320, 32):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(rows[start:start + 32]), labels[start:start + 32])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = (model(rows[320:]).argmax(1) == labels[320:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} val accuracy {right:.4f}", flush=True)
"""


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two busy threads on two shared cores would measure each other."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_from_the_plan_to_the_result(mlintern: Mlintern, folder: Path, home: Path) -> None:
    (folder / "train.py").write_text(TRAIN)
    words = ("sweep", "train.py", "--param", "lr=0.001,0.1", "--seeds", "2", "--json")

    nobody = mlintern(*words)
    assert nobody.code == 3, nobody.err
    told = nobody.json("sweep")
    plan = told["plan"]
    assert (plan["metric"], plan["maximise"], plan["seed_flag"]) == ("val accuracy", True, "--seed")
    assert told["asks"]["rung"] == "sweep" and told["asks"]["forecast"]["seconds"]["high"] > 0
    assert told["sweep"] is None and told["trials"] == []

    too_little = mlintern(*words, "--approve", "1s")
    assert too_little.code == 2 and "does not cover one trial" in too_little.error["message"]
    with Store.open(home) as store:
        assert [row.run.rung for row in store.runs.page("rung:sweep")] == []

    done = mlintern(*words, "--approve", "90s")
    assert done.code == 0, done.err
    told = done.json("sweep")
    assert told["sweep"]["status"] == "done" and told["trials"][0]["parameters"] == {"lr": 0.001}
    assert told["sweep"]["summary"]["best"]["parameters"] == {"lr": 0.1}
    assert {trial["seed"] for trial in told["trials"]} == {None, 101, 102}
    assert told["sweep"]["summary"]["comparison"]["seeds"] == 2
    with Store.open(home) as store:
        experiment = store.experiments.recent(1)[0]
        rungs = store.rungs.all(experiment.id)
        assert rungs[RungName.SWEEP].status is RungStatus.PASSED
        assert rungs[RungName.FULL].status is RungStatus.PLANNED
        (approval,) = store.approvals.for_experiment(experiment.id)
        assert (approval.decision, approval.rung, approval.ceiling_seconds) == (Decision.APPROVED, RungName.SWEEP, 90.0)
        spent = sum(row.run.wall_seconds or 0.0 for row in store.runs.page("rung:sweep"))
        assert 0 < spent <= 90

    again = mlintern("sweep", "--resume")
    assert again.code == 0 and "verdict:" in again.out


def test_a_test_metric_is_refused(mlintern: Mlintern, folder: Path) -> None:
    text = TRAIN.replace("val accuracy", "test accuracy").replace(" loss {loss.item():.4f}", "")
    (folder / "train.py").write_text(text)
    by_default = mlintern("sweep", "train.py", "--param", "lr=0.001,0.1")
    assert by_default.code in (1, 2) and "Traceback" not in by_default.err
    named = mlintern("sweep", "train.py", "--param", "lr=0.001,0.1", "--metric", "test_accuracy")
    assert named.code in (1, 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--resume",), "No database"),
        (("nowhere.py",), "nowhere.py"),
        (("train.py", "--seeds", "many"), "not a number from 0 to 64"),
        (("train.py", "--budget", "lots"), "for example 90s"),
        (("train.py", "--approve", "full=3m"), "for example 90s"),
    ],
)
def test_bad_usage_ends_with_2(mlintern: Mlintern, folder: Path, words: tuple[str, ...], told: str) -> None:
    (folder / "train.py").write_text(TRAIN)
    done = mlintern("sweep", *words)
    assert done.code == 2, done.err
    assert "Traceback" not in done.err and told.lower() in done.err.lower()
