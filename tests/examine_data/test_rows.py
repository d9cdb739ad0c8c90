"""Rows that trained a model and were evaluated: exact ones, near copies, and what must not be taken for them."""

from __future__ import annotations

from .conftest import Examine

TABLE = """
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.naive_bayes import GaussianNB
    X, y = load_digits(return_X_y=True)
    {before}
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    {after}
    model = GaussianNB().fit(X_train, y_train)
    {evaluate}
"""
HONEST = 'print("test accuracy", model.score(X_test, y_test))'
TORCH = """
    import torch
    from sklearn.datasets import load_digits
    from torch.utils.data import DataLoader, TensorDataset, random_split
    torch.manual_seed(0)
    digits = load_digits()
    data = TensorDataset(torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target))
    train, val = random_split(data, [1437, 360])
    {data}
    train_loader, val_loader = DataLoader(train, 64, shuffle=True), DataLoader(val, 90)
    net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)

    def evaluate(loader):
        with torch.no_grad():
            return sum((net(x).argmax(1) == y).sum().item() for x, y in loader) / len(loader.dataset)

    for epoch in range(3):
        for x, y in train_loader:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        {evaluate}
"""


def table(before: str = "", after: str = "", evaluate: str = HONEST) -> str:
    return TABLE.format(before=before, after=after, evaluate=evaluate)


def test_evaluation_rows_in_the_training_data_are_counted(examine: Examine) -> None:
    added = "X_train, y_train = np.concatenate([X_train, X_test[:90]]), np.concatenate([y_train, y_test[:90]])"

    found = examine(table(after=added)).only("data.leak.overlap")

    assert "90 of 450 rows" in found.message
    assert "90 of 90 with the same label" in found.message
    assert found.line == 11
    assert found.evidence[-1]["training_row"] >= 1347


def test_copies_made_before_the_split_are_found(examine: Examine) -> None:
    copied = "X, y = np.concatenate([X, X[:500]]), np.concatenate([y, y[:500]])"

    assert "data.leak.overlap" in examine(table(before=copied)).blamed


def test_a_sound_split_and_a_training_score_that_is_called_so_are_fine(examine: Examine) -> None:
    both = 'print("train", model.score(X_train, y_train)); ' + HONEST

    examined = examine(table(evaluate=both))

    assert examined.blamed == set()
    assert any(words.startswith("none of 450 evaluation rows is among 1347") for words in examined.verified)


def test_training_rows_that_are_called_a_test_are_named(examine: Examine) -> None:
    found = examine(table(evaluate='print("test accuracy", model.score(X_train, y_train))')).only("eval.split")

    assert "1347 of 1347" in found.message


def test_near_copies_are_found_by_the_ratio_of_distances(examine: Examine) -> None:
    varied = "noise = np.random.default_rng(0).normal(0, 0.5, (600, 64)); "
    varied += "X, y = np.concatenate([X, X[:600] + noise]), np.concatenate([y, y[:600]])"

    assert "less than half as far" in examine(table(before=varied)).only("data.leak.overlap").message


def test_equal_rows_of_a_small_discrete_table_are_no_leak(examine: Examine) -> None:
    discrete = "X = np.random.default_rng(0).integers(0, 4, (1797, 3)); y = (X.sum(1) > 4).astype(int)"

    assert "data.leak.overlap" not in examine(table(before=discrete)).blamed


def test_points_in_a_plane_are_near_one_another_by_nature(examine: Examine) -> None:
    plane = "from sklearn.datasets import make_moons; X, y = make_moons(1797, noise=0.1, random_state=0)"

    assert "data.leak.overlap" not in examine(table(before=plane)).blamed


def test_a_loader_of_the_training_rows_that_is_called_validation(examine: Examine) -> None:
    wrong = TORCH.format(data="", evaluate='print("val", evaluate(train_loader))')

    assert "eval.split" in examine(wrong).blamed


def test_loaders_of_separate_parts_are_fine(examine: Examine) -> None:
    both = 'print("train", evaluate(train_loader)); print("val", evaluate(val_loader))'

    examined = examine(TORCH.format(data="", evaluate=both))

    assert examined.blamed == set()
    assert any(words.startswith("none of 360 evaluation rows") for words in examined.verified)


def test_a_loader_that_holds_validation_rows_too(examine: Examine) -> None:
    whole = TORCH.format(data="train = data", evaluate='print("val", evaluate(val_loader))')

    assert "360 of 360 rows" in examine(whole).only("data.leak.overlap").message


def test_rows_of_equal_classes_in_a_batch_are_not_shuffled(examine: Examine) -> None:
    ordered = "train = torch.utils.data.Subset(data, sorted(range(1437), key=lambda i: int(digits.target[i])))"
    script = TORCH.format(data=ordered, evaluate='print("done")').replace("shuffle=True", "shuffle=False")

    assert "data.unshuffled" in examine(script).blamed


def test_training_and_test_rows_that_one_line_evaluates_in_turn(examine: Examine) -> None:
    loop = 'for name, a, b in (("train", X_train, y_train), ("test", X_test, y_test)): print(name, model.score(a, b))'

    assert examine(table(evaluate=loop)).blamed == set()
