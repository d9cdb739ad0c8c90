"""Wine quality classes: random forests against boosting, chosen by cross-validation."""
import argparse

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def table(rows):
    values, quality = make_classification(
        n_samples=rows, n_features=10, n_informative=6, n_redundant=2, n_classes=3, weights=[0.55, 0.3, 0.15],
        class_sep=0.9, flip_y=0.08, random_state=23)
    frame = pd.DataFrame(values, columns=["acid", "sugar", "chloride", "sulphur", "density",
                                          "ph", "alcohol", "tannin", "hue", "ash"])
    frame["region"] = pd.cut(frame["ash"], [-1e9, -1, 0, 1, 1e9], labels=["north", "east", "south", "west"]).astype(str)
    frame = frame.drop(columns="ash")
    frame["quality"] = quality
    return frame


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    frame = table(args.rows)
    X, y = frame.drop(columns="quality"), frame["quality"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=args.seed)

    numeric = [name for name in X.columns if name != "region"]
    columns = make_column_transformer((StandardScaler(), numeric), (OneHotEncoder(handle_unknown="ignore"), ["region"]))
    pipeline = Pipeline([("columns", columns), ("model", RandomForestClassifier(random_state=args.seed))])
    grid = [
        {"model": [RandomForestClassifier(random_state=args.seed)],
         "model__n_estimators": [60, 120], "model__max_depth": [4, None]},
        {"model": [GradientBoostingClassifier(random_state=args.seed)],
         "model__n_estimators": [30, 60], "model__learning_rate": [0.05, 0.2]},
    ]
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=args.seed)
    search = GridSearchCV(pipeline, grid, scoring="f1_macro", cv=folds)
    search.fit(X_train, y_train)
    for params, score in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"]):
        print(f"{score:.4f}", {key: str(value).split("(")[0] for key, value in params.items()})

    predicted = search.predict(X_test)
    majority = [y_train.mode()[0]] * len(y_test)
    print(f"majority class accuracy {accuracy_score(y_test, majority):.4f}")
    print(f"test accuracy {accuracy_score(y_test, predicted):.4f}")
    print(f"test macro f1 {f1_score(y_test, predicted, average='macro'):.4f}")


if __name__ == "__main__":
    main()
