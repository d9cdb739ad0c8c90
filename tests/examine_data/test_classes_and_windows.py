"""Classes that no training row has, and windows of several columns that hold their target or overlap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks.check import Evidence
from mlintern.planner.checks.classes_missing import CLASSES_MISSING
from mlintern.planner.checks.evaluated_weights import EVALUATED_WEIGHTS
from mlintern.runtime.probe.examine.windows import _shifts

from .conftest import Examine

SERIES = """
import numpy as np, torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset, random_split
torch.manual_seed(0); rng = np.random.default_rng(0)
drawn = rng.normal(size=(900, 12)).astype("float32")
series = torch.tensor(np.cumsum(drawn, 0) / 10 + drawn)
class Windows(Dataset):
    def __init__(self, series): self.series = series
    def __len__(self): return len(self.series) - 10
    def __getitem__(self, i): return self.series[i:i + 10], self.series[i + LAST, 0]
train_set, test_set = SPLIT
train, test = DataLoader(train_set, 32, shuffle=True), DataLoader(test_set, 64)
model = nn.Sequential(nn.Flatten(), nn.Linear(120, 1), nn.Flatten(0))
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
for epoch in range(3):
    for x, y in train:
        optimizer.zero_grad(); nn.functional.mse_loss(model(x), y).backward(); optimizer.step()
with torch.no_grad():
    test_error = np.mean([float((model(x) - y).abs().mean()) for x, y in test])
print("test", test_error)
"""
IN_TIME = "Windows(series[:700]), Windows(series[700:])"


def windows(last: str = "10", split: str = IN_TIME) -> str:
    return SERIES.replace("LAST", last).replace("SPLIT", split)


def test_a_target_inside_its_own_window_is_found(examine: Examine) -> None:
    assert "data.leak.target" in examine(windows("9")).blamed


def test_windows_of_many_columns_that_overlap_are_found(examine: Examine) -> None:
    assert "data.leak.temporal" in examine(windows(split="random_split(Windows(series), [690, 200])")).blamed


def test_windows_that_end_before_their_target_are_sound(examine: Examine) -> None:
    assert examine(windows()).blamed == set()


def test_rows_are_moved_by_no_more_than_leaves_half_of_them() -> None:
    assert max(_shifts(120, 10_000)) == 60
    assert max(_shifts(120, 10_000_000)) == 8
    assert max(_shifts(6, 100)) == 4


def evaluation(**changed: object) -> dict[str, object]:
    told = {"rows": 100, "train_rows": 500, "missing_rows": 30, "missing": [2.0], "train_classes": 2}
    return {**told, "file": "/train.py", "line": 4, "text": "evaluate(test)", **changed}


def judged(kind: str, check: Any, report: object) -> list[str]:
    return [str(one.severity) for one in check.judge(Evidence({kind: report}, Path("/"))).findings]


def test_evaluated_classes_that_no_training_row_has_are_found() -> None:
    assert judged("observed.classes", CLASSES_MISSING, {"evaluations": [evaluation()]}) == ["warning"]


@pytest.mark.parametrize(
    "changed",
    [{"missing_rows": 0}, {"train_classes": 1}, {"missing_rows": 100}, {"train_rows": 20}],
    ids=["none missing", "what is unlike the training", "all are new", "too few rows were seen"],
)
def test_classes_that_may_be_missing(changed: dict[str, object]) -> None:
    assert judged("observed.classes", CLASSES_MISSING, {"evaluations": [evaluation(**changed)]}) == []


def evaluated(**changed: object) -> dict[str, object]:
    told = {"kind": "Net", "place": None, "steps": [16], "trained": False, "like_trained": True, "changed": False}
    return {**told, "random": False, "as_begun": True, "last": True, **changed}


@pytest.mark.parametrize(
    ("changed", "severities"),
    [
        ({}, ["warning"]),
        ({"random": True}, ["error"]),
        ({"changed": True}, []),
        ({"like_trained": False}, []),
        ({"steps": [4, 5, 6, 7]}, []),
        ({"last": False}, []),
    ],
    ids=["as it began", "random", "an average", "another model", "with every step", "for comparison"],
)
def test_which_weights_are_blamed(changed: dict[str, object], severities: list[str]) -> None:
    report = {"models": [evaluated(**changed)], "steps": 16}

    assert judged("observed.evaluated_weights", EVALUATED_WEIGHTS, report) == severities
