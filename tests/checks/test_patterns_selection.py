"""The test split where it chooses, and where it is only read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mlintern.planner.checks.found import Checked
from mlintern.store.records import Severity

Look = Callable[..., Checked]

LOADERS = """\
import copy, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
torch.manual_seed(0)
data = TensorDataset(torch.randn(90, 4), torch.randint(0, 2, (90,)))
train_set, val_set, test_set = random_split(data, [50, 20, 20])
train_loader, val_loader = DataLoader(train_set, 8, shuffle=True), DataLoader(val_set)
test_loader = DataLoader(test_set)
model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
def train(loader):
    for x, y in loader:
        optimizer.zero_grad(); nn.functional.cross_entropy(model(x), y).backward(); optimizer.step()
def evaluate(model, loader):
    model.eval(); right = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
    return right / len(loader.dataset)
"""
ROWS = """\
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
X, y = load_breast_cancer(return_X_y=True)
X_rest, X_test, y_rest, y_test = train_test_split(X, y, random_state=0)
X_train, X_val, y_train, y_val = train_test_split(X_rest, y_rest, random_state=0)
model = HistGradientBoostingClassifier().fit(X_train, y_train)
"""
BEST = """\
best = 0
for epoch in range(9):
    train(train_loader)
    acc = evaluate(model, {split}_loader)
    if acc > best:
        best = acc
        torch.save(model.state_dict(), "best.pt")
print(evaluate(model, test_loader))
"""
PATIENCE = """\
class Stopper:
    def __init__(self, patience): self.best, self.waited, self.patience = None, 0, patience
    def __call__(self, loss):
        if self.best is None or loss < self.best:
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
        return self.waited > self.patience
stopper = Stopper(3)
for epoch in range(9):
    train(train_loader)
    if stopper(evaluate(model, {split}_loader)):
        break
print(evaluate(model, test_loader))
"""
LARGEST = """\
best = 0.0
for epoch in range(9):
    train(train_loader)
    best = max(best, evaluate(model, {split}_loader))
print(best, evaluate(model, test_loader))
"""
THRESHOLD = """\
score = model.predict_proba(X_{split})[:, 1]
thresholds = np.linspace(0, 1, 50)
best = max(thresholds, key=lambda t: f1_score(y_{split}, score > t))
print(f1_score(y_test, model.predict_proba(X_test)[:, 1] > best))
"""
SWEPT = """\
score = model.predict_proba(X_{split})[:, 1]
thresholds = np.linspace(0, 1, 50)
values = [f1_score(y_{split}, score > t) for t in thresholds]
best = thresholds[np.argmax(values)]
print(f1_score(y_test, model.predict_proba(X_test)[:, 1] > best))
"""
SETTINGS = """\
best, kept = 0, None
for depth in (2, 4, 8):
    tried = HistGradientBoostingClassifier(max_depth=depth).fit(X_train, y_train)
    score = tried.score(X_{split}, y_{split})
    if score > best:
        best, kept = score, tried
print(kept.score(X_test, y_test))
"""
STOPPED = """\
import xgboost as xgb
booster = xgb.XGBClassifier(early_stopping_rounds=5)
booster.fit(X_train, y_train, eval_set=[(X_{split}, y_{split})])
print(booster.score(X_test, y_test))
"""
PHASES = """\
best = 0
for epoch in range(9):
    for phase in ["train", "{split}"]:
        if phase == "train":
            train(train_loader)
        score = evaluate(model, dict(train=train_loader, {split}={split}_loader)[phase])
        if phase == "{split}" and score > best:
            best, kept = score, copy.deepcopy(model.state_dict())
print(evaluate(model, test_loader))
"""
BY_HAND = """\
import numpy as np
from sklearn.datasets import load_digits
X, y = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(1797)
train, val, test = order[:1100], order[1100:1400], order[1400:]
mean, std = X[train].mean(0), X[train].std(0) + 1
X_train, X_val, X_test = ((X[rows] - mean) / std for rows in (train, val, test))
y_train, y_val, y_test = y[train], y[val], y[test]
w, best = np.zeros((64, 10)), 0
for epoch in range(9):
    p = X_train @ w
    p[np.arange(1100), y_train] -= 1
    w -= 0.1 * X_train.T @ p
    acc = np.mean((X_{split} @ w).argmax(axis=1) == y_{split})
    if acc > best:
        best, kept = acc, w.copy()
print(np.mean((X_test @ kept).argmax(axis=1) == y_test))
"""
IN_UNITS = """\
import numpy as np
from sklearn.datasets import load_diabetes
X, y = load_diabetes(return_X_y=True)
unit = y[:300].std()
X_train, X_val, X_test, y_train, y_val, y_test = X[:300], X[300:350], X[350:], y[:300], y[300:350], y[350:]
w, best = np.zeros(10), 1e9
for epoch in range(9):
    w -= 0.1 * X_train.T @ (X_train @ w - y_train / unit)
    error = np.abs(X_{split} @ w - y_{split} / unit).mean() * unit
    if error < best:
        best, kept = error, w.copy()
print(np.abs(X_test @ kept - y_test / unit).mean() * unit)
"""
COLLECTED = """\
tried = []
for depth in (2, 4, 8):
    guess = HistGradientBoostingClassifier(max_depth=depth).fit(X_train, y_train).predict(X_{split})
    tried.append((f1_score(y_{split}, guess), depth, guess))
depth = max(tried)[1]
print(f1_score(y_test, HistGradientBoostingClassifier(max_depth=depth).fit(X_train, y_train).predict(X_test)))
"""
ONE_SPLIT = """\
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
frame = pd.read_csv("visits.csv")
fit_rows, rest_rows = next(GroupShuffleSplit(n_splits=1, random_state=0).split(frame, groups=frame["patient"]))
X_train, rest = frame.iloc[fit_rows], frame.iloc[rest_rows]
val_rows, test_rows = next(GroupShuffleSplit(n_splits=1, random_state=0).split(rest, groups=rest["patient"]))
X_val, X_test = rest.iloc[val_rows], rest.iloc[test_rows]
results = {{}}
for strength in (0.1, 1.0):
    model = LogisticRegression(C=strength).fit(X_train.drop(columns="sick"), X_train["sick"])
    results[strength] = f1_score(X_{split}["sick"], model.predict(X_{split}.drop(columns="sick")))
chosen = max(results, key=results.get)
model = LogisticRegression(C=chosen).fit(X_train.drop(columns="sick"), X_train["sick"])
print(f1_score(X_test["sick"], model.predict(X_test.drop(columns="sick"))))
"""
PROGRAMS = {
    "by hand": BY_HAND, "in units of the training rows": IN_UNITS,
    "phases": LOADERS + PHASES,
    "best epoch": LOADERS + BEST, "patience": LOADERS + PATIENCE, "largest": LOADERS + LARGEST,
    "threshold": ROWS + THRESHOLD, "swept threshold": ROWS + SWEPT, "settings": ROWS + SETTINGS,
    "early stopping": ROWS + STOPPED, "collected with what was measured": ROWS + COLLECTED,
    "a single split by groups": "from sklearn.metrics import f1_score\n" + ONE_SPLIT,
}  # fmt: skip


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_choosing_on_the_test_split_is_an_error(look: Look, text: str) -> None:
    (found,) = (one for one in look(text.format_map(Split("test"))).findings if one.severity is not Severity.INFO)

    assert (found.code, found.severity) == ("eval.selection", Severity.ERROR)
    assert found.file == "train.py" and found.line and found.fix and len(found.evidence) == 2


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_choosing_on_the_validation_split_is_sound(look: Look, text: str) -> None:
    checked = look(text.format_map(Split("val")))

    assert [one for one in checked.findings if one.severity is not Severity.INFO] == []
    assert any("nothing in the code is chosen" in words for words in checked.verified)


class Split(dict[str, str]):
    """Fills in the split's name, and leaves every other brace as it is."""

    def __init__(self, name: str) -> None:
        super().__init__(split=name)

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


BEST_OF_SEVERAL = ROWS + """\
results = []
for depth in (2, 4, 8):
    tried = HistGradientBoostingClassifier(max_depth=depth).fit(X_train, y_train)
    results.append(tried.score(X_test, y_test))
"""


def test_only_the_best_of_several_results_is_told(look: Look) -> None:
    checked = look(BEST_OF_SEVERAL + "print(max(results))\n")

    assert [one.code for one in checked.findings if one.severity is Severity.ERROR] == ["eval.selection"]


def test_the_best_of_several_results_beside_all_of_them_is_sound(look: Look) -> None:
    checked = look(BEST_OF_SEVERAL + "print(results, max(results))\n")

    assert [one for one in checked.findings if one.severity is not Severity.INFO] == []


ONLY_READ = {
    "every epoch": LOADERS + """\
for epoch in range(9):
    train(train_loader)
    print(evaluate(model, test_loader))
""",
    "kept for a plot": LOADERS + """\
history = []
for epoch in range(9):
    train(train_loader); history.append(evaluate(model, test_loader))
print(max(history), history[-1])
""",
    "worst examples": LOADERS + """\
worst = 0.0
for x, y in test_loader:
    loss = nn.functional.cross_entropy(model(x), y).item()
    if loss > worst:
        worst = loss
print(worst)
""",
    "watched": ROWS + """\
import xgboost as xgb
xgb.XGBClassifier().fit(X_train, y_train, eval_set=[(X_test, y_test)])
""",
    "called validation as well": LOADERS + """\
val_loader = DataLoader(test_set)
best = 0
for epoch in range(9):
    train(train_loader)
    acc = evaluate(model, val_loader)
    if acc > best:
        best = acc
""",
    "an assertion": ROWS + """\
score = model.score(X_test, y_test)
if score < 0.9:
    print("worse than hoped")
""",
    "settings by folds": ROWS + """\
from sklearn.model_selection import KFold
means = []
for depth in (2, 4, 8):
    scores = []
    for train_idx, test_idx in KFold(5).split(X_rest):
        tried = HistGradientBoostingClassifier(max_depth=depth).fit(X_rest[train_idx], y_rest[train_idx])
        scores.append(tried.score(X_rest[test_idx], y_rest[test_idx]))
    means.append(np.mean(scores))
print((2, 4, 8)[np.argmax(means)])
""",
    "the hardest class": ROWS + """\
told = model.predict(X_test)
by_class = {c: (told[y_test == c] == c).mean() for c in (0, 1)}
print(min(by_class, key=by_class.get))
""",
    "an ensemble": ROWS + """\
members = [HistGradientBoostingClassifier(random_state=s).fit(X_train, y_train) for s in range(3)]
mean = np.mean([one.predict_proba(X_test) for one in members], axis=0)
print((mean.argmax(1) == y_test).mean())
""",
}  # fmt: skip


@pytest.mark.parametrize("text", ONLY_READ.values(), ids=ONLY_READ)
def test_reading_the_test_split_is_sound(look: Look, text: str) -> None:
    assert [one for one in look(text).findings if one.severity is not Severity.INFO] == []
