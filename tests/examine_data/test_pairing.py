"""Batches whose targets are those of other rows."""

from __future__ import annotations

import pytest

from .conftest import Examine

SCRIPT = """
    import torch
    from sklearn.datasets import {load}
    from torch import nn
    torch.manual_seed(0)
    data, truth = {load}(return_X_y=True)
    data = torch.tensor(data, dtype=torch.float32)
    {prepare}
    classes = truth.dtype.kind == "i"
    target = torch.tensor(truth) if classes else torch.tensor(truth, dtype=torch.float32)[:, None]
    model = nn.Linear(X.shape[1], 10 if classes else 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    loss_fn = nn.CrossEntropyLoss() if classes else nn.MSELoss()
    for epoch in range(3):
        for place, rows in enumerate(torch.randperm(len(X)).split(32)):
            loss = loss_fn(model(X[rows]), {target})
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
"""
PREPARE = "X = 2 * data[:320]; truth = truth[:320]"
UNIQUE = "import numpy as np; X = 2 * data[:320]; truth = truth[:320] + 0.001 * np.arange(320)"


@pytest.mark.parametrize("load", ["load_digits", "load_diabetes"])
def test_targets_that_are_taken_in_their_own_order(examine: Examine, load: str) -> None:
    wrong = "target[32 * place:32 * place + len(rows)]"

    found = examine(SCRIPT.format(load=load, prepare=PREPARE, target=wrong)).only("data.misaligned.batch")

    assert "of 32 rows get another row's target" in found.message
    assert found.line == 16


@pytest.mark.parametrize("load", ["load_digits", "load_diabetes"])
@pytest.mark.parametrize(
    "prepare",
    [PREPARE, "order = torch.randperm(320); X = 2 * data[:320][order]; truth = truth[:320][order.numpy()]"],
    ids=["as loaded", "reordered together"],
)
def test_targets_at_the_same_places(examine: Examine, load: str, prepare: str) -> None:
    examined = examine(SCRIPT.format(load=load, prepare=prepare, target="target[rows]"))

    assert "data.misaligned.batch" not in examined.blamed
    assert any(words.startswith("inputs and targets of 4 batches or fits stand") for words in examined.verified)


def test_a_target_that_comes_next_is_no_other_rows(examine: Examine) -> None:
    following = "torch.roll(target, -1, 0)[rows]"

    examined = examine(SCRIPT.format(load="load_diabetes", prepare=UNIQUE, target=following))

    assert "data.misaligned.batch" not in examined.blamed
    assert examined.reports["observed.pairing"] == {"e": "observed.pairing", "could_not": "nothing was seen"}


def test_targets_that_come_once_each_are_known_wherever_they_stand(examine: Examine) -> None:
    drawn = "target[torch.randperm(320)[:len(rows)]]"

    assert "data.misaligned.batch" in examine(SCRIPT.format(load="load_diabetes", prepare=UNIQUE, target=drawn)).blamed


FITTED = """
    import numpy as np, pandas as pd
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge
    X, y = load_diabetes(return_X_y=True)
    order = np.random.default_rng(0).permutation(442)
    {change}
    print(Ridge().fit({fit}).coef_)
"""
NUMBERS, TABLES = "X = 2 * X", "X, y = pd.DataFrame(2 * X), pd.Series(y)"


@pytest.mark.parametrize(
    ("change", "fit"), [(NUMBERS, "X[order], y"), (NUMBERS, "X, y[order]"), (TABLES, "X.iloc[order], y")]
)
def test_a_fit_to_targets_in_another_order(examine: Examine, change: str, fit: str) -> None:
    assert "data.misaligned.batch" in examine(FITTED.format(change=change, fit=fit)).blamed


@pytest.mark.parametrize(
    ("change", "fit"),
    [
        (NUMBERS, "X[order], y[order]"),
        (NUMBERS + "; Z = X[order]; y = y[order]", "Z, y"),
        (NUMBERS, "X[:300], y[:300]"),
        (NUMBERS + "; permuted = y[order]", "X, permuted"),
        (NUMBERS + "; z = y.copy(); z[0], z[1] = z[1], z[0]", "X, z[np.arange(442)]"),
        (NUMBERS, "X, np.random.default_rng(0).permutation(y)"),
        (TABLES, "X.iloc[order], y.iloc[order]"),
        (TABLES + "; y.index = y.index + 1", "X, y"),
    ],
)
def test_a_fit_to_targets_in_the_same_order(examine: Examine, change: str, fit: str) -> None:
    assert "data.misaligned.batch" not in examine(FITTED.format(change=change, fit=fit)).blamed
