"""The examination changes no number, and what it wraps still goes to worker processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .conftest import Examine

DRAWS = """
    import numpy as np
    import random
    from sklearn.datasets import load_wine
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import train_test_split
    np.random.seed(3)
    random.seed(3)
    X, y = load_wine(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    a, b, c, d = train_test_split(X, y, stratify=y)
    model = SGDClassifier(max_iter=5, tol=None).fit(a, c)
    print(repr(model.coef_.sum()), model.score(b, d), np.random.rand(), random.random())
"""
WORKERS = """
    from joblib import Parallel, delayed
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.datasets import load_wine

    class Commonest(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_, self.answer_ = sorted(set(y)), max(set(y), key=list(y).count)
            return self

        def predict(self, X):
            return [self.answer_] * len(X)

    X, y = load_wine(return_X_y=True)
    answers = Parallel(n_jobs=2)(delayed(Commonest().fit)(X, y) for _ in range(2))
    print("answers", [int(one.answer_) for one in answers])
"""


def test_the_same_numbers_come_out_as_without_it(examine: Examine, tmp_path: Path) -> None:
    examined = examine(DRAWS)

    plain = subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert examined.output == plain.stdout


def test_an_estimator_of_the_scripts_own_is_sent_to_workers(examine: Examine) -> None:
    assert "answers [1, 1]" in examine(WORKERS).output
