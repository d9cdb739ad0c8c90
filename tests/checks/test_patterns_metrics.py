"""Metrics and losses that get what they are made for, or something else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mlintern.planner.checks.found import Checked
from mlintern.store.records import Severity

Look = Callable[..., Checked]

ROWS = """\
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, f1_score, precision_score, r2_score, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = RandomForestClassifier().fit(X_train, y_train)
pred = model.predict(X_test)
"""
TORCH = """\
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split
torch.manual_seed(0)
data = TensorDataset(torch.randn(90, 4), torch.randint(0, 2, (90,)))
train_set, test_set = random_split(data, [70, 20])
train_loader, test_loader = DataLoader(train_set, 8, shuffle=True, drop_last=True), DataLoader(test_set)
body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
x, y = next(iter(train_loader))
"""


def faults(checked: Checked) -> list[tuple[str, str, int | None]]:
    return [(one.code, one.severity.value, one.line) for one in checked.findings if one.severity is not Severity.INFO]


@pytest.mark.parametrize(
    "line",
    ["print(precision_score(pred, y_test))", "print(r2_score(pred, y_test))", "print(roc_auc_score(y_test, pred))"],
)
def test_arguments_of_the_wrong_kind_are_an_error(look: Look, line: str) -> None:
    assert faults(look(ROWS + line + "\n")) == [("eval.metric", "error", 10)]


@pytest.mark.parametrize(
    "line",
    [
        "print(precision_score(y_test, pred), recall_score(y_test, y_pred=pred))",
        "print(accuracy_score(pred, y_test), f1_score(pred, y_test))",
        "print(roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))",
        "print(roc_auc_score(y_test, LinearRegression().fit(X_train, y_train).predict(X_test)))",
        "print(r2_score(y_test, pred))",
    ],
)
def test_arguments_in_order_are_left_alone(look: Look, line: str) -> None:
    assert faults(look(ROWS + line + "\n")) == []


LOOP = """\
def accuracy(loader):
    right = total = 0
    for index, (x, y) in enumerate(loader):
        if index {limit}:
            break
        right += (body(x).argmax(1) == y).sum().item(); total += len(y)
    return right / total
print(accuracy({split}_loader))
"""


def test_an_evaluation_that_ends_early_is_an_error_on_the_test_split(look: Look) -> None:
    cut = LOOP.replace("{limit}", "== 3")

    assert faults(look(TORCH + cut.replace("{split}", "test"))) == [("eval.metric", "error", 14)]
    assert faults(look(TORCH + cut.replace("{split}", "train"))) == []


def test_an_evaluation_that_a_setting_ends_is_worth_knowing(look: Look) -> None:
    text = "import sys\nlimit = int(sys.argv[1])\n" + TORCH + LOOP.replace("{limit}", ">= limit")

    assert faults(look(text.replace("{split}", "test"))) == []


def test_a_dropped_last_batch_is_a_warning_on_the_test_split(look: Look) -> None:
    assert faults(look(TORCH + "print(len(DataLoader(test_set, 8, drop_last=True)))\n")) == [
        ("eval.metric", "warning", 11)
    ]


NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = body, nn.Linear(2, 2)
    def forward(self, x):
        h = self.head(F.relu(self.body(x)))
        return {end}
model = Net()
"""
WRONG = {
    "softmax": (NET.replace("{end}", "F.softmax(h, dim=1)"), "nn.CrossEntropyLoss()(model(x), y)"),
    "a softmax layer": ("model = nn.Sequential(body, nn.Softmax(dim=1))\n", "F.cross_entropy(model(x), y)"),
    "sigmoid": (
        NET.replace("{end}", "torch.sigmoid(h)"),
        "nn.BCEWithLogitsLoss()(model(x)[:, 0].squeeze(), y.float())",
    ),
    "logits": (NET.replace("{end}", "h"), "nn.NLLLoss()(model(x), y)"),
}
RIGHT = {
    "logits": (NET.replace("{end}", "h"), "nn.CrossEntropyLoss()(model(x), y)"),
    "log-softmax": (NET.replace("{end}", "F.log_softmax(h, dim=1)"), "F.nll_loss(model(x), y)"),
    "logarithm": (NET.replace("{end}", "h"), "F.nll_loss(torch.log(torch.softmax(model(x), 1)), y)"),
    "only outside of training": (
        NET.replace("{end}", "h if self.training else h.softmax(1)"),
        "nn.CrossEntropyLoss()(model(x), y)",
    ),
    "probabilities": (NET.replace("{end}", "torch.sigmoid(h)"), "nn.BCELoss()(model(x)[:, 0], y.float())"),
    "attention inside": (
        NET.replace("{end}", "self.head(h.softmax(1) * h)"),
        "nn.CrossEntropyLoss()(model(x), y)",
    ),
}


@pytest.mark.parametrize(("model", "loss"), WRONG.values(), ids=WRONG)
def test_a_loss_that_gets_the_wrong_kind_of_number_is_an_error(look: Look, model: str, loss: str) -> None:
    assert [one[:2] for one in faults(look(TORCH + model + f"loss = {loss}\n"))] == [("model.loss", "error")]


@pytest.mark.parametrize(("model", "loss"), RIGHT.values(), ids=RIGHT)
def test_a_loss_that_gets_what_it_wants_is_left_alone(look: Look, model: str, loss: str) -> None:
    assert faults(look(TORCH + model + f"loss = {loss}\n")) == []


def test_an_evaluation_that_a_setting_limits_is_no_fault(look: Look) -> None:
    lines = """\
limit = None
for number, (x, y) in enumerate(test_loader):
    body(x)
    if limit is not None and number >= limit:
        break
"""
    assert faults(look(TORCH + lines)) == []


ACROSS = """\
import numpy as np
from sklearn.datasets import load_digits
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = X[:1200], X[1200:], y[:1200], y[1200:]
w = np.linalg.lstsq(X_train, np.eye(10)[y_train], rcond=None)[0]
"""


def test_the_largest_over_rows_compared_with_some_labels_is_an_error(look: Look) -> None:
    checked = look(ACROSS + "print(np.mean((X_test @ w).argmax(axis=0) == y_test[:10]))\n")

    assert faults(checked) == [("eval.metric", "error", 6)]


@pytest.mark.parametrize("line", ["(X_test @ w).argmax(axis=1) == y_test", "(w.T @ X_test.T).argmax(axis=0) == y_test"])
def test_the_largest_over_classes_is_left_alone(look: Look, line: str) -> None:
    assert faults(look(ACROSS + f"print(np.mean({line}))\n")) == []
