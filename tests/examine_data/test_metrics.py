"""Metrics as they are called and printed, rows that are left out, and choices made with evaluated rows."""

from __future__ import annotations

import pytest

from .conftest import Examine

CALLS = """
    from sklearn.datasets import load_breast_cancer
    from sklearn.metrics import accuracy_score, f1_score, precision_score, roc_auc_score
    from sklearn.model_selection import GridSearchCV, train_test_split
    from sklearn.naive_bayes import GaussianNB
    X, y = load_breast_cancer(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = GaussianNB().fit(X_train, y_train)
    guess, score = model.predict(X_test), model.predict_proba(X_test)[:, 1]
    {line}
"""


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ('print("precision", precision_score(guess, y_test))', "error"),
        ('print("auc", roc_auc_score(y_test, guess))', "warning"),
        ('print("macro f1", f1_score(y_test, guess, average="weighted"))', "error"),
        ('print("accuracy", accuracy_score(y_test[:60], guess[:60]))', "error"),
    ],
)
def test_metrics_that_are_not_what_they_are_called(examine: Examine, line: str, severity: str) -> None:
    assert examine(CALLS.format(line=line)).only("eval.metric").severity.value == severity


def test_metrics_that_are_called_right(examine: Examine) -> None:
    line = 'print("precision", precision_score(y_test, guess), "auc", roc_auc_score(y_test, score))'

    assert examine(CALLS.format(line=line)).blamed == set()


def test_a_threshold_chosen_on_the_test_rows(examine: Examine) -> None:
    line = "best = max((f1_score(y_test, score > t / 20), t) for t in range(1, 20))"

    assert "eval.selection" in examine(CALLS.format(line=line)).blamed


def test_a_search_over_rows_that_are_evaluated_later(examine: Examine) -> None:
    line = 'GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-3]}).fit(X, y)'

    script = CALLS.replace("{line}", line)

    assert "eval.selection" in examine(script).blamed


PRINTED = """
    import torch
    from sklearn.datasets import load_digits
    from torch.utils.data import DataLoader, TensorDataset
    torch.manual_seed(0)
    digits = load_digits()
    X, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    train = DataLoader(TensorDataset(X[:1437], y[:1437]), 64, shuffle=True)
    val = DataLoader(TensorDataset(X[1437:], y[1437:]), {options})
    net = torch.nn.Linear(64, 10)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for epoch in range(3):
        for a, b in train:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(a), b).backward()
            optimizer.step()
        right, rows, shares = 0, 0, []
        with torch.no_grad():
            for a, b in val:
                hits = net(a).argmax(1) == b
                right, rows = right + hits.sum().item(), rows + len(b)
                shares.append(hits.float().mean().item())
        print(f"epoch {{epoch}} accuracy {{{shown}:.4f}}")
"""


def test_the_mean_of_unequal_batches_is_not_the_accuracy(examine: Examine) -> None:
    found = examine(PRINTED.format(options="70", shown="sum(shares) / len(shares)")).only("eval.metric")

    assert "mean over 6 batches" in found.message


def test_the_share_of_right_answers_is(examine: Examine) -> None:
    examined = examine(PRINTED.format(options="70", shown="right / rows"))

    assert examined.blamed == set()
    assert "the printed accuracy is the share of right answers among 360 rows" in examined.verified
    assert "all 360 rows of the evaluation set are evaluated" in examined.verified


def test_a_last_batch_that_is_dropped(examine: Examine) -> None:
    examined = examine(PRINTED.format(options="70, drop_last=True", shown="right / rows"))

    assert "350 of 360 evaluation rows" in examined.only("eval.metric.subset").message


RARE = """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(800, 5)), (rng.random(800) < 0.05).astype(int)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    print("test accuracy", LogisticRegression().fit(X_train, y_train).score(X_test, y_test))
"""


def test_a_score_that_the_commonest_class_reaches_too(examine: Examine) -> None:
    assert examine(RARE).blamed == {"eval.baseline"}


VARIED = """
    import torch
    from sklearn.datasets import load_digits
    from torch.utils.data import DataLoader, Dataset
    torch.manual_seed(0)
    digits = load_digits()

    class Pictures(Dataset):
        def __init__(self, first, last, varied):
            self.x = torch.tensor(digits.images[first:last] / 16, dtype=torch.float32)
            self.y, self.varied = torch.tensor(digits.target[first:last]), varied

        def __len__(self):
            return len(self.y)

        def __getitem__(self, i):
            moved = self.varied and torch.rand(()) < 0.5
            return (self.x[i].roll(1, 1) if moved else self.x[i]), self.y[i]

    train, val = DataLoader(Pictures(0, 1437, True), 64, shuffle=True), DataLoader(Pictures(1437, 1797, {varied}), 90)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for epoch in range(3):
        for x, y in train:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            print("val", sum((net(x).argmax(1) == y).sum().item() for x, y in val) / 360)
"""


def test_evaluation_rows_that_are_varied_at_random(examine: Examine) -> None:
    assert "eval.mode.augmentation" in examine(VARIED.format(varied=True)).blamed


def test_training_rows_that_are_varied_at_random(examine: Examine) -> None:
    assert examine(VARIED.format(varied=False)).blamed == set()

NUMBERS = """
    import numpy as np
    from sklearn.linear_model import LinearRegression
    rng = np.random.default_rng(0)
    series = np.cumsum(rng.normal(size=700)) {made}
    X = np.stack([series[i:i + 5] for i in range(690)])
    y = series[5:695] {label}
    print("test r2", LinearRegression().fit(X[:400], y[:400]).score(X[450:], y[450:]))
"""


def test_a_regression_that_the_mean_is_as_good_as(examine: Examine) -> None:
    found = examine(NUMBERS.format(made="", label="* 0 + rng.normal(size=690)")).only("eval.baseline")

    assert "no better than always answering the mean" in found.message


def test_the_value_before_is_told_beside_the_mean(examine: Examine) -> None:
    examined = examine(NUMBERS.format(made="", label=""))

    (told,) = [one.message for one in examined.findings if one.code == "eval.baseline"]
    assert "eval.baseline" not in examined.blamed
    assert "column 4 of the inputs, such as the value before" in told
