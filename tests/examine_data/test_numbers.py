"""Numbers that leave their range in programs of numpy alone."""

from __future__ import annotations

from .conftest import Examine

SOFTMAX = """
    import numpy as np
    from sklearn.datasets import load_digits
    x, y = load_digits(return_X_y=True)
    w = np.zeros((64, 10))
    for epoch in range(4):
        z = x @ w{shift}
        e = np.exp(z)
        p = e / e.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        w -= 0.5 * x.T @ p / len(y)
        print(f"epoch {{epoch}} loss {{np.abs(p).mean():.4f}}")
"""
LOGISTIC = """
    import numpy as np
    x = np.linspace(-2000, 2000, 100)
    p = 1 / (1 + np.exp(-x))
    print(f"loss {np.abs(p - (x > 0)).mean():.4f}")
"""


def test_an_overflow_that_loses_the_loss(examine: Examine) -> None:
    examined = examine(SOFTMAX.format(shift=" * 100"))

    found = examined.only("numeric.nan")
    assert "overflow encountered in exp" in found.message
    assert found.line == 8


def test_a_softmax_whose_largest_score_is_taken_off(examine: Examine) -> None:
    examined = examine(SOFTMAX.format(shift="\n        z = z - z.max(axis=1, keepdims=True)"))

    assert "numeric.nan" not in examined.blamed


def test_an_overflow_that_comes_to_nothing(examine: Examine) -> None:
    examined = examine(LOGISTIC)

    assert examined.blamed == set()
    assert any("no printed loss was lost by it" in one.message for one in examined.findings)
