"""Whose rows are on which side: by the numbers a splitter gives, and by the labels that pandas keeps."""

from __future__ import annotations

import pytest

from .conftest import Examine

VISITS = """
    import numpy as np, pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, KFold, cross_val_score
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(60), 8)
    frame = pd.DataFrame({{"a": rng.normal(size=60)[who], "b": rng.normal(size=60)[who] + rng.normal(size=480)}})
    frame["{name}"], frame["ill"] = who, rng.integers(0, 2, 60)[who]
    {split}
"""
BY_HAND = """train, test = frame.iloc[{train}], frame.iloc[{test}]
    scale = train["b"].std()
    X, Z = (part[["a", "b"]] / [1, scale] for part in (train, test))
    print("test", LogisticRegression().fit(X, train["ill"]).score(Z, test["ill"]))
"""
AT_RANDOM = BY_HAND.format(train="order[:400]", test="order[400:]")
AT_RANDOM = f"order = rng.permutation(480); {AT_RANDOM}"
BY_PERSON = BY_HAND.format(train=":400", test="400:")
FOLDS = """X, y = frame[["a", "b"]].to_numpy(), frame["ill"].to_numpy()
    {name} = frame["{name}"].to_numpy()
    print(cross_val_score(LogisticRegression(), X, y, {folds}).mean())
"""
SHUFFLED = "cv=KFold(4, shuffle=True, random_state=0)"


@pytest.mark.parametrize("name", ["patient", "visit_id"])
def test_rows_that_pandas_labels_are_followed_through_the_preparation(examine: Examine, name: str) -> None:
    found = examine(VISITS.format(name=name, split=AT_RANDOM)).only("data.leak.group")

    assert found.severity.value == "error"
    assert f"80 of 80 evaluation rows have a {name}" in found.message


def test_persons_of_one_side_each_are_fine(examine: Examine) -> None:
    examined = examine(VISITS.format(name="patient", split=BY_PERSON))

    assert "data.leak.group" not in examined.blamed
    assert "the split separates what patient tells apart" in examined.verified


def test_folds_that_share_persons(examine: Examine) -> None:
    split = FOLDS.format(name="patient", folds=SHUFFLED)

    assert "data.leak.group" in examine(VISITS.format(name="patient", split=split)).blamed


def test_folds_by_person(examine: Examine) -> None:
    split = FOLDS.format(name="patient", folds="cv=GroupKFold(4), groups=patient")

    assert "data.leak.group" not in examine(VISITS.format(name="patient", split=split)).blamed


def test_folds_inside_an_estimator_are_its_own_affair(examine: Examine) -> None:
    inner = f"""from sklearn.linear_model import LogisticRegressionCV
    LogisticRegression = lambda: LogisticRegressionCV({SHUFFLED})
    {BY_PERSON}"""

    assert "data.leak.group" not in examine(VISITS.format(name="patient", split=inner)).blamed


def test_two_tables_with_the_same_labels_are_not_taken_for_one(examine: Examine) -> None:
    apart = BY_PERSON.replace("scale =", "train, test = (one.reset_index(drop=True) for one in (train, test)); scale =")

    assert "data.leak.group" not in examine(VISITS.format(name="patient", split=apart)).blamed


def test_a_splitter_gives_the_folds_that_it_gives_by_itself(examine: Examine) -> None:
    told = """
    import numpy as np
    from sklearn.model_selection import RepeatedKFold, StratifiedShuffleSplit
    X, y = np.arange(60.0).reshape(30, 2), np.arange(30) % 3
    for splitter in (RepeatedKFold(n_splits=3, n_repeats=2, random_state=1), StratifiedShuffleSplit(2, random_state=1)):
        print([int((train * np.arange(len(train))).sum() + test.sum()) for train, test in splitter.split(X, y)])
    """
    import io
    from contextlib import redirect_stdout
    from textwrap import dedent

    with redirect_stdout(io.StringIO()) as plain:
        exec(dedent(told), {})

    assert examine(told).output == plain.getvalue()
