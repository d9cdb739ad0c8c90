"""Models written by hand in numpy: their rows are in the ledger, and their numbers are what they were."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from mlintern.runtime.probe import products

from .conftest import Examine

SCRIPT = """
    import numpy as np
    from sklearn.datasets import load_digits
    rng = np.random.default_rng(0)
    X, y = load_digits(return_X_y=True)
    X = X / 16
    order = rng.permutation(len(X))
    X, y = X[order], y[order]
    X_train, y_train, X_test, y_test = {split}
    W1, W2 = rng.normal(size=(64, 32)) * 0.1, rng.normal(size=(32, 10)) * 0.1
    for epoch in range(3):
        shuffled = rng.permutation(len(X_train))
        for start in range(0, len(X_train), 32):
            rows = shuffled[start:start + 32]
            xb, yb = X_train[rows], {labels}
            h = np.maximum(xb @ W1, 0)
            z = {second}
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            p[np.arange(len(yb)), yb] -= 1
            dh = (p @ W2.T) * (h > 0)
            W2 -= 0.1 * np.dot(h.T, p) / len(rows)
            W1 -= 0.1 * xb.T @ dh / len(rows)
        hits = (np.maximum(X_test @ W1, 0) @ W2).argmax(1) == y_test
        print(f"epoch {{epoch}} test accuracy {{hits.mean():.4f}}")
"""
APART = "X[:1400], y[:1400], X[1400:], y[1400:]"


def script(split: str = APART, labels: str = "y_train[rows]", second: str = "h.dot(W2)") -> str:
    return SCRIPT.format(split=split, labels=labels, second=second)


def test_rows_on_both_sides_of_a_sound_program_are_seen(examine: Examine, tmp_path: Path) -> None:
    examined = examine(script())

    assert examined.blamed == set()
    assert "none of 397 evaluation rows is among 1400 training rows" in examined.verified
    plain = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert examined.output == plain.stdout


def test_test_rows_that_train_are_found(examine: Examine) -> None:
    found = examine(script("X[:1600], y[:1600], X[1400:], y[1400:]")).only("data.leak.overlap")

    assert "200 of 397 rows" in found.message


def test_training_rows_that_are_called_a_test(examine: Examine) -> None:
    assert "eval.split" in examine(script("X[:1400], y[:1400], X[:1400], y[:1400]")).blamed


def test_labels_of_other_rows(examine: Examine) -> None:
    assert "data.misaligned.batch" in examine(script(labels="y_train[start:start + len(rows)]")).blamed


SCALED = """
    import numpy as np
    from sklearn.datasets import load_breast_cancer
    X, y = load_breast_cancer(return_X_y=True)
    {mean}
    X = (X - mean) / std
    X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]
    w = np.zeros(30)
    for step in range(60):
        p = 1 / (1 + np.exp(-(X_train @ w)))
        w -= 0.5 * X_train.T @ (p - y_train) / 400
    print("test accuracy", ((X_test @ w > 0) == y_test).mean())
"""


def test_means_over_all_rows_are_found_by_running_the_preparation_again(examine: Examine) -> None:
    found = examine(SCALED.format(mean="mean, std = X.mean(0), X.std(0)")).only("data.leak.preprocessing")

    assert "with only the values of the 169 raw rows changed" in found.message


def test_means_over_training_rows_are_sound(examine: Examine) -> None:
    examined = examine(SCALED.format(mean="mean, std = X[:400].mean(0), X[:400].std(0)"))

    assert examined.blamed == set()
    assert any("bit-identical when the 169 raw rows" in words for words in examined.verified)


def test_products_are_computed_as_they_were_written() -> None:
    heard: list[tuple[object, object]] = []
    products.listen(lambda left, right, result: heard.append((left, right)))
    text = "import numpy as np\na, b = np.ones((2, 3)), np.eye(3)\nc = (a @ b, a.dot(b), np.dot(a, b), np.matmul(a, b))"
    names: dict[str, object] = {}

    exec(compile(products.watched(ast.parse(text)), "train.py", "exec"), names)

    assert [one.tolist() for one in names["c"]] == [[[1.0] * 3] * 2] * 4  # type: ignore[attr-defined]
    assert [(left is names["a"], right is names["b"]) for left, right in heard] == [(True, True)] * 4


def test_what_a_compiler_takes_is_left_alone() -> None:
    text = "@njit\ndef f(a, b):\n    return a @ b\n"

    assert ast.unparse(products.watched(ast.parse(text))) == ast.unparse(ast.parse(text))
    assert not products.is_by_hand("import torch")
