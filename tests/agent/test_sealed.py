"""Names that stay closed, and names that only look a little like them."""

from __future__ import annotations

import pytest
from mlintern.planner.agent.sealed import why_closed


@pytest.mark.parametrize("path", [
    "test_labels.csv", "labels-test.npy", "data/test/labels.csv", "y_test.npy", "answers/test.json", "test_truth.txt",
    "sealed/rows.csv", "held_out.csv", "data/private/x.csv", "hidden_rows.csv", ".env", "a/.git/config",
])  # fmt: skip
def test_what_is_kept_stays_closed(path: str) -> None:
    assert why_closed(tuple(path.split("/"))) is not None


@pytest.mark.parametrize("path", [
    "train.csv", "test.csv", "labels.csv", "latest_labels.csv", "tests/test_labels.py", "test/labels.py", "contest.csv",
    "privateer.txt", "data/y_train.npy", "train_labels.csv",
])  # fmt: skip
def test_what_is_not_is_open(path: str) -> None:
    assert why_closed(tuple(path.split("/"))) is None
