"""Breast cancer: scaling, selection and a support vector machine."""
import argparse

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.metrics import balanced_accuracy_score, classification_report
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def load(seed):
    X, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(seed)
    X = np.hstack([X, rng.normal(size=(len(X), 400))])
    X[rng.random(X.shape) < 0.02] = np.nan
    return X, y


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    X, y = load(args.seed)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=args.seed)

    candidates = {}
    for k in (10, 30, 60):
        for C in (0.1, 1.0, 10.0):
            model = make_pipeline(SimpleImputer(), StandardScaler(), SelectKBest(f_classif, k=k), SVC(C=C))
            folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=args.repeats, random_state=args.seed)
            scores = cross_val_score(model, X_train, y_train, cv=folds, scoring="balanced_accuracy")
            candidates[k, C] = scores.mean()
            print(f"k={k:3d} C={C:4.1f}  cv {scores.mean():.4f} +- {scores.std():.4f}")

    k, C = max(candidates, key=candidates.get)
    model = make_pipeline(SimpleImputer(), StandardScaler(), SelectKBest(f_classif, k=k), SVC(C=C))
    model.fit(X_train, y_train)
    predicted = model.predict(X_test)
    print(classification_report(y_test, predicted))
    print(f"chosen k={k} C={C}")
    print(f"test balanced accuracy {balanced_accuracy_score(y_test, predicted):.4f}")


if __name__ == "__main__":
    main()
