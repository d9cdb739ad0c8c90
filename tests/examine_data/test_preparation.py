"""What the preparation learned from evaluation rows, through transformers and by hand."""

from __future__ import annotations

import pytest

from .conftest import Examine

SCRIPT = """
    import numpy as np
    from sklearn.datasets import load_breast_cancer
    from sklearn.feature_selection import SelectKBest
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import Normalizer, StandardScaler
    X, y = load_breast_cancer(return_X_y=True)
    X = X / 1000
    {before}
    order = np.random.default_rng(0).permutation(len(X))
    train, test = order[:400], order[400:]
    A, B = X[train], X[test]
    {after}
    model = LogisticRegression().fit(A, y[train])
    print("test", model.score(B, y[test]))
"""


def script(before: str = "", after: str = "") -> str:
    return SCRIPT.format(before=before, after=after)


def test_a_scaler_before_the_split_is_bad_hygiene_and_its_line_is_named(examine: Examine) -> None:
    found = examine(script(before="X = StandardScaler().fit_transform(X)")).only("data.leak.preprocessing")

    assert found.severity.value == "warning"
    assert "StandardScaler is fitted on 569 rows, 169 of the 169" in found.message
    assert found.line == 10


def test_a_selection_by_labels_before_the_split_is_an_error(examine: Examine) -> None:
    found = examine(script(before="X = SelectKBest(k=5).fit_transform(X, y)")).only("data.leak.preprocessing")

    assert found.severity.value == "error"


def test_means_taken_by_hand_before_the_split_are_found_by_running_it_again(examine: Examine) -> None:
    found = examine(script(before="X = (X - X.mean(0)) / X.std(0)")).only("data.leak.preprocessing")

    assert "with only the values of the 169 raw rows changed" in found.message


def test_means_of_labels_taken_over_all_rows_are_an_error(examine: Examine) -> None:
    encoded = "band = (X[:, 0] * 1000).astype(int); X[:, 1] = [y[band == one].mean() for one in band]"

    found = examine(script(before=encoded)).only("data.leak.preprocessing")

    assert found.severity.value == "error"
    assert "only the labels" in found.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "scaler = StandardScaler().fit(A); A, B = scaler.transform(A), scaler.transform(B)"),
        ("", "mean, std = A.mean(0), A.std(0); A, B = (A - mean) / std, (B - mean) / std"),
        ("X = Normalizer().fit_transform(X)", ""),
        ("X = X / np.linalg.norm(X, axis=1, keepdims=True)", ""),
    ],
)
def test_what_learns_from_training_rows_or_from_each_row_alone_is_fine(
    examine: Examine, before: str, after: str
) -> None:
    assert examine(script(before, after)).blamed == set()


def test_a_transformer_fitted_anew_on_evaluation_rows(examine: Examine) -> None:
    anew = "scaler = StandardScaler(); A = scaler.fit_transform(A); B = scaler.fit_transform(B)"

    assert "fitted anew" in examine(script(after=anew)).only("data.leak.preprocessing").message


def test_the_preparation_that_runs_again_prints_nothing_and_changes_nothing(examine: Examine) -> None:
    examined = examine(script(before='X = (X - X.mean(0)) / X.std(0); print("prepared", np.random.rand())'))

    assert examined.output.count("prepared") == 1


TASKS = """
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    X, y = load_digits(return_X_y=True)
    X = X / 16
    {change}
    for task in (y < 5, y >= 5):
        A, B, a, b = train_test_split(X[task], y[task], random_state=0)
        print("test", LogisticRegression(max_iter=50).fit(A, a).score(B, b))
"""


def test_labels_that_only_select_rows_make_none(examine: Examine) -> None:
    assert "data.leak.preprocessing" not in examine(TASKS.format(change="")).blamed


def test_labels_that_make_values_beside_selecting_rows(examine: Examine) -> None:
    change = "X[:, 0] = [y[(X[:, 21] > 0.5) == one].mean() for one in X[:, 21] > 0.5]"

    assert "data.leak.preprocessing" in examine(TASKS.format(change=change)).blamed


TABLE = """
    import numpy as np, pandas as pd
    from sklearn.linear_model import LogisticRegression
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({{"age": rng.normal(size=300), "size": rng.normal(size=300), "ill": rng.integers(0, 2, 300)}})
    {before}
    train, test = frame.iloc[:200], frame.iloc[200:]
    {after}
    model = LogisticRegression().fit(train.drop(columns="ill"), train["ill"])
    print("test", model.score(test.drop(columns="ill"), test["ill"]))
"""
RISK = 'frame["risk"] = frame.groupby(frame["size"].round())["ill"].transform("mean")'
SAFE = """risk = train.groupby(train["size"].round())["ill"].mean()
    train, test = (one.assign(risk=one["size"].round().map(risk).fillna(0.5)) for one in (train, test))"""
NUMBERED = "frame = frame.sample(frac=1, random_state=1).reset_index(drop=True)"


def test_a_table_of_the_scripts_own_is_followed_by_its_labels(examine: Examine) -> None:
    found = examine(TABLE.format(before=RISK, after="")).only("data.leak.preprocessing")

    assert found.severity.value == "error"
    assert "only the labels of the 100 raw rows" in found.message


@pytest.mark.parametrize(("before", "after"), [("", SAFE), (NUMBERED, SAFE), (NUMBERED, "")])
def test_a_table_whose_training_rows_alone_are_learned_from_is_fine(
    examine: Examine, before: str, after: str
) -> None:
    assert "data.leak.preprocessing" not in examine(TABLE.format(before=before, after=after)).blamed


def test_what_was_seen_before_the_time_was_over_is_told(examine: Examine) -> None:
    over = "    import signal; signal.raise_signal(signal.SIGALRM)\n    print('later')\n"
    seen = examine(script(before="X = StandardScaler().fit_transform(X)") + over)

    assert seen.only("data.leak.preprocessing").line == 10
    assert seen.reports["end"]["broke_off"] and "later" not in seen.output


WIDE = """
    from sklearn.datasets import make_classification
    from sklearn.feature_selection import SelectKBest
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    X, y = make_classification(240, 3000, n_informative=5, random_state=0)
    {before}
    model = make_pipeline({select}LogisticRegression())
    print("accuracy", cross_val_score(model, X, y).mean())
"""


def test_shuffled_labels_that_are_learned_measure_the_leak(examine: Examine) -> None:
    examined = examine(WIDE.format(before="X = SelectKBest(k=20).fit_transform(X, y)", select=""))

    found = examined.only("data.leak.preprocessing")
    effect = examined.reports["observed.interference"]["shuffled"]
    assert effect["shuffled"] > 0.7 > 0.6 > effect["chance"]
    assert any("effect" in row for row in found.evidence)


def test_shuffled_labels_are_not_learned_by_a_sound_pipeline(examine: Examine) -> None:
    examined = examine(WIDE.format(before="X = X * 2", select="SelectKBest(k=20), "))

    assert "data.leak.preprocessing" not in examined.blamed
    assert examined.reports["observed.interference"]["shuffled"]["shuffled"] < 0.62
