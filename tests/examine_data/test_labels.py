"""Columns that are the label, labels of other rows, entities and times on both sides."""

from __future__ import annotations

from .conftest import Examine

LABELLED = """
    import numpy as np
    from sklearn.datasets import load_breast_cancer, load_diabetes
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import train_test_split
    X, y = {source}(return_X_y=True)
    rng = np.random.default_rng(0)
    {change}
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    print("test", Ridge().fit(X_train, y_train).score(X_test, y_test))
"""
PATIENTS = """
    import numpy as np
    from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
    from sklearn.naive_bayes import GaussianNB
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(60), 8)
    y = rng.integers(0, 2, 60)[patient]
    X = rng.normal(size=(60, 10))[patient] + 0.3 * rng.normal(size=(480, 10))
    train, test = next({split}(1, random_state=0).split(X, y, patient))
    print("test", GaussianNB().fit(X[train], y[train]).score(X[test], y[test]))
"""
SERIES = """
    import numpy as np
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import train_test_split
    series = np.cumsum(np.random.default_rng(0).normal(size=900))
    X = np.stack([series[i : i + 10] for i in range(880)])
    y = series[10:890]
    X_train, X_test, y_train, y_test = train_test_split(X, y, {options})
    print("test", Ridge().fit(X_train, y_train).score(X_test, y_test))
"""


def test_a_noisy_copy_of_the_label_is_an_error(examine: Examine) -> None:
    leak = "X = np.c_[X, y + rng.normal(0, 4, len(y))]"

    found = examine(LABELLED.format(source="load_diabetes", change=leak)).only("data.leak.target")

    assert "input column 10 agrees" in found.message


def test_a_strong_natural_feature_is_fine(examine: Examine) -> None:
    examined = examine(LABELLED.format(source="load_breast_cancer", change=""))

    assert "data.leak.target" not in examined.blamed
    assert any(words.startswith("no column tells the label") for words in examined.verified)


def test_labels_that_were_reordered_alone(examine: Examine) -> None:
    apart = "X = X[rng.permutation(len(X))]"

    assert "data.misaligned" in examine(LABELLED.format(source="load_diabetes", change=apart)).blamed


def test_labels_that_were_reordered_with_their_rows(examine: Examine) -> None:
    together = "order = rng.permutation(len(X)); X, y = X[order], y[order]"

    assert examine(LABELLED.format(source="load_diabetes", change=together)).blamed == set()


def test_patients_on_both_sides(examine: Examine) -> None:
    assert "data.leak.group" in examine(PATIENTS.format(split="ShuffleSplit")).blamed


def test_patients_kept_apart(examine: Examine) -> None:
    assert examine(PATIENTS.format(split="GroupShuffleSplit")).blamed <= {"eval.baseline"}


def test_overlapping_windows_on_both_sides(examine: Examine) -> None:
    assert "data.leak.temporal" in examine(SERIES.format(options="random_state=0")).blamed


def test_windows_split_in_time(examine: Examine) -> None:
    assert examine(SERIES.format(options="shuffle=False")).blamed == set()
