"""Fitting to, copying and dropping rows of the evaluation: where the checks must speak, and where they must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mlintern.planner.checks.found import Checked
from mlintern.store.records import Severity

Look = Callable[..., Checked]

TABLE = """\
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, Normalizer, OneHotEncoder, StandardScaler
from sklearn.utils import resample
X, y = load_breast_cancer(return_X_y=True)
"""


def program(text: str) -> str:
    return TABLE + text


def errors(checked: Checked) -> list[tuple[str, int | None]]:
    return [(one.code, one.line) for one in checked.findings if one.severity is not Severity.INFO]


FITTED = {
    "scaler": "X = StandardScaler().fit_transform(X)\na, b, c, d = train_test_split(X, y, random_state=0)\n",
    "fit, then transform": """\
s = MinMaxScaler().fit(X)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_test = s.transform(X_test)
""",
    "by hand": """\
X = (X - X.mean(axis=0)) / X.std(axis=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "by hand in torch, and slices": """\
X = torch.tensor(X); mean, std = X.mean(0), X.std(0)
X = (X - mean) / std
n = int(0.8 * len(X))
X_train, X_test = X[:n], X[n:]
""",
    "a pipeline of transformers": """\
X = make_pipeline(StandardScaler(), PCA(5)).fit_transform(X)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "before folds": """\
Z = StandardScaler().fit_transform(X)
for tr, te in KFold(5).split(Z): LogisticRegression().fit(Z[tr], y[tr]).score(Z[te], y[te])
""",
    "before cross-validation": """\
Z = SelectKBest(k=5).fit_transform(X, y)
print(cross_val_score(LogisticRegression(), Z, y))
""",
    "imputing with pandas": """\
df = pd.read_csv("t.csv"); df["age"] = df["age"].fillna(df["age"].median())
train_df, test_df = train_test_split(df, random_state=0)
""",
    "by shuffled index": """\
order = np.random.permutation(len(X)); train_idx, test_idx = order[:400], order[400:]
Z = StandardScaler().fit_transform(X)
Z_train, Z_test = Z[train_idx], Z[test_idx]
""",
    "tensors made by map": """\
X = (X - X.mean(0)) / X.std(0); order = np.random.RandomState(0).permutation(len(X))
Xtr, ytr, Xte, yte = X[order[:400]], y[order[:400]], X[order[400:]], y[order[400:]]
Xtr, ytr, Xte, yte = map(torch.from_numpy, (Xtr, ytr, Xte, yte))
""",
    "in the data set itself": """\
class Table(torch.utils.data.Dataset):
    def __init__(self):
        self.x = torch.tensor(X); self.x = (self.x - self.x.mean(0)) / self.x.std(0)
train_set, test_set = torch.utils.data.random_split(Table(), [400, 169])
""",
    "in place": """\
df = pd.read_csv("t.csv"); df["age"].fillna(df["age"].mean(), inplace=True)
train_df, test_df = train_test_split(df, random_state=0)
""",
    "the target's mean": """\
df = pd.read_csv("t.csv"); df["c"] = df["city"].map(df.groupby("city")["price"].mean())
target = df["price"]
train_df, test_df = train_test_split(df, random_state=0)
""",
    "columns by their correlation with the target": """\
df = pd.read_csv("t.csv"); y = df.pop("price")
kept = df.drop(columns="city").corrwith(y).abs().nlargest(5).index
df = df[[*kept, "city"]]
X_train, X_test, y_train, y_test = train_test_split(df, y, random_state=0)
""",
    "columns by the target's row of the matrix": """\
df = pd.read_csv("t.csv"); near = df.corr()["price"].abs()
df = df[near[near > 0.3].index]
train_df, test_df = train_test_split(df, random_state=0)
""",
    "columns by a score of each": """\
scores, _ = f_classif(X, y)
X = X[:, np.argsort(-scores)[:5]]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "columns by place": """\
df = pd.read_csv("t.csv"); y = df.pop("price")
df = df.loc[:, df.corrwith(y).abs() > 0.2]
X_train, X_test, y_train, y_test = train_test_split(df, y, random_state=0)
""",
    "fitted again on the test rows": """\
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0); s = StandardScaler()
X_train = s.fit_transform(X_train)
X_test = s.fit_transform(X_test)
""",
}


@pytest.mark.parametrize("text", FITTED.values(), ids=FITTED)
def test_a_fit_to_held_out_rows_is_an_error(look: Look, text: str) -> None:
    found = look(program(text)).findings

    assert {(one.code, one.severity) for one in found if one.severity is not Severity.INFO} == {
        ("data.leak.preprocessing", Severity.ERROR)
    }
    assert all(one.line and one.fix and len(one.evidence) >= 2 for one in found if one.severity is Severity.ERROR)


SOUND = {
    "correlations that are only looked at": """\
df = pd.read_csv("t.csv"); y = df.pop("price"); print(df.corrwith(y), df.corr()["a"])
X_train, X_test, y_train, y_test = train_test_split(df, y, random_state=0)
""",
    "columns by their correlation in the training rows": """\
df = pd.read_csv("t.csv"); y = df.pop("price")
X_train, X_test, y_train, y_test = train_test_split(df, y, random_state=0)
kept = X_train.corrwith(y_train).abs().nlargest(5).index
X_train, X_test = X_train[kept], X_test[kept]
""",
    "columns that say the same as others": """\
df = pd.read_csv("t.csv"); near = df.corr().abs(); twins = [name for name in near if near[name].max() > 0.99]
df = df.drop(columns=twins)
train_df, test_df = train_test_split(df, random_state=0)
""",
    "fit after the split": """\
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
s = StandardScaler()
X_train, X_test = s.fit_transform(X_train), s.transform(X_test)
""",
    "by hand after the split": """\
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
mean, std = X_train.mean(axis=0), X_train.std(axis=0)
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std
""",
    "a pipeline in cross-validation": """\
print(cross_val_score(make_pipeline(StandardScaler(), SelectKBest(k=5), LogisticRegression()), X, y))
""",
    "stateless": """\
X = X / 255.0; X = Normalizer().fit_transform(X); X = np.log1p(X); X = X / X.sum(axis=1, keepdims=True)
X = (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "labels encoded": """\
y = LabelEncoder().fit_transform(y)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "inside each fold": """\
for tr, te in KFold(5).split(X):
    s = StandardScaler().fit(X[tr])
    LogisticRegression().fit(s.transform(X[tr]), y[tr]).score(s.transform(X[te]), y[te])
""",
    "statistics for reading": """\
print(X.mean(axis=0), X.std(), y.mean())
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "scaled by the training rows of an index split": """\
order = torch.randperm(len(X)); train, test = order[:450], order[450:]
X = torch.tensor(X); X = (X - X[train].mean(0)) / X[train].std(0)
A, B = X[train], X[test]
""",
    "a rolling mean": """\
df = pd.read_csv("t.csv"); df["m"] = df["close"].rolling(7).mean()
train_df, test_df = df[:100], df[100:]
""",
    "clustering without a split": "X = StandardScaler().fit_transform(X); PCA(2).fit_transform(X)\n",
    "folds inside of the training rows": """\
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_train = StandardScaler().fit_transform(X_train)
print(cross_val_score(LogisticRegression(), X_train, y_train))
""",
    "two files of one loader": """\
def load(name):
    path = "data/" + name
    return pd.read_csv(path)
train, test = load("train.csv"), load("test.csv")
scaler = StandardScaler().fit(train); A, B = scaler.transform(train), scaler.transform(test)
""",
    "each with its own scaler": """\
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
LogisticRegression().fit(X_train, y_train); Z = PCA(2).fit_transform(X_test)
""",
}


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_a_sound_preparation_is_left_alone(look: Look, text: str) -> None:
    checked = look(program(text))

    assert errors(checked) == []
    assert any("fitted on rows that are held out" in words for words in checked.verified)


def test_a_fit_in_another_module_is_followed(look: Look) -> None:
    files = {"data.py": program("def load():\n    return StandardScaler().fit_transform(X), y\n")}
    source = """\
    from data import load
    from sklearn.model_selection import train_test_split
    def main():
        X, y = load()
        X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    if __name__ == "__main__":
        main()
    """

    (found,) = look(source, files).findings

    assert (found.code, found.file, found.line) == ("data.leak.preprocessing", "data.py", 15)
    assert [row["line"] for row in found.evidence] == [15, 5]


COPIED = {
    "oversampled": """\
from imblearn.over_sampling import SMOTE
X, y = SMOTE().fit_resample(X, y)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "with noise": """\
X = np.concatenate([X, X + np.random.normal(0, 0.1, X.shape)]); y = np.concatenate([y, y])
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "the minority again": """\
df = pd.read_csv("t.csv"); rare = df[df["y"] == 1]
df = pd.concat([df, rare, rare])
train_df, test_df = train_test_split(df, random_state=0)
""",
    "resampled with replacement": """\
df = pd.read_csv("t.csv"); many, rare = df[df["y"] == 0], df[df["y"] == 1]
df = pd.concat([many, resample(rare, n_samples=500, random_state=0)])
train_df, test_df = train_test_split(df, random_state=0)
""",
}


@pytest.mark.parametrize("text", COPIED.values(), ids=COPIED)
def test_copies_before_the_split_are_an_error(look: Look, text: str) -> None:
    assert {code for code, _ in errors(look(program(text)))} == {"data.leak.overlap"}


NOT_COPIED = {
    "after the split": """\
from imblearn.over_sampling import SMOTE
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_train, y_train = SMOTE().fit_resample(X_train, y_train)
""",
    "columns side by side": """\
df = pd.read_csv("t.csv"); df = pd.concat([df[["a", "b"]], pd.get_dummies(df["c"])], axis=1)
X = np.hstack([X, X ** 2]); X = np.concatenate([X, X], axis=1)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
train_df, test_df = train_test_split(df, random_state=0)
""",
    "classes made equal by leaving rows out": """\
df = pd.read_csv("t.csv"); many, rare = df[df["y"] == 0], df[df["y"] == 1]
df = pd.concat([resample(many, replace=False, n_samples=100, random_state=0), rare])
train_df, test_df = train_test_split(df, random_state=0)
""",
}


@pytest.mark.parametrize("text", NOT_COPIED.values(), ids=NOT_COPIED)
def test_rows_that_are_not_copied_are_left_alone(look: Look, text: str) -> None:
    assert errors(look(program(text))) == []


SPLIT = "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)\n"
FIT = SPLIT + "model = LogisticRegression().fit(X_train, y_train); pred = model.predict(X_test)\n"


def test_dropping_test_rows_by_the_models_error_is_an_error(look: Look) -> None:
    text = FIT + "keep = np.abs(pred - y_test) < 0.5\ny_test = y_test[keep]\nprint(len(y_test))\n"

    assert errors(look(program(text))) == [("data.filtered", 17)]


@pytest.mark.parametrize(
    "line", ["X_test = X_test[X_test[:, 0] < 2]", "X_test = [row for row in X_test if row[0] < 2]"]
)
def test_dropping_test_rows_alone_is_a_warning(look: Look, line: str) -> None:
    text = FIT + f"{line}\nprint(len(X_test))\n"

    assert [(one.code, one.severity) for one in look(program(text)).findings] == [("data.filtered", "warning")]


@pytest.mark.parametrize(
    "line",
    [
        "X_train = X_train[X_train[:, 0] < 2]; X_test = X_test[X_test[:, 0] < 2]",
        "X_test = X_test[~np.isnan(X_test).any(axis=1)]",
        "X_test = X_test[:100]",
    ],
    ids=["on both sides", "missing values", "a first part"],
)
def test_filters_that_may_be_meant_are_only_told(look: Look, line: str) -> None:
    found = look(program(FIT + f"{line}\nprint(len(X_test))\n")).findings

    assert [one for one in found if one.code == "data.filtered" and one.severity != "info"] == []


def test_a_part_of_the_test_rows_for_a_closer_look_is_left_alone(look: Look) -> None:
    text = FIT + "for c in (0, 1):\n    print((pred[y_test == c] == c).mean())\nwrong = X_test[pred != y_test]\n"

    assert errors(look(program(text))) == []
