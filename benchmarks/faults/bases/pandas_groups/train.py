"""Will a patient be readmitted? Several visits per patient, pandas and boosting."""
import argparse

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold, GroupShuffleSplit


def visits(patients, seed=12):
    rng = np.random.default_rng(seed)
    count = rng.integers(4, 12, size=patients)
    patient = np.repeat(np.arange(patients), count)
    frailty = rng.normal(size=patients)
    habit = rng.normal(size=(patients, 3))
    readmitted = (frailty + 0.6 * habit[:, 0] + rng.normal(0, 0.8, patients) > 0.4).astype(int)
    frame = pd.DataFrame({
        "patient": patient,
        "age": np.clip(55 + 12 * frailty[patient] + 8 * habit[patient, 1], 18, 95).round(),
        "weight": 75 + 10 * habit[patient, 2] + rng.normal(0, 0.4, len(patient)),
        "pressure": 120 + 8 * frailty[patient] + rng.normal(0, 6, len(patient)),
        "glucose": 5 + habit[patient, 0] + rng.normal(0, 0.8, len(patient)),
        "days_in": rng.poisson(3 + np.exp(0.4 * frailty[patient])),
        "ward": rng.choice(["a", "b", "c", "d"], len(patient)),
        "readmitted": readmitted[patient],
    })
    return frame


def prepare(train, test):
    mean = train["glucose"].mean()
    ward = train.groupby("ward")["pressure"].mean()
    out = []
    for part in (train, test):
        part = part.copy()
        part["glucose_gap"] = part["glucose"] - mean
        part["ward_pressure"] = part["ward"].map(ward)
        out.append(part.drop(columns=["patient", "ward", "readmitted"]))
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=700)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    frame = visits(args.patients)
    splitter = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state=args.seed)
    rest_rows, test_rows = next(splitter.split(frame, groups=frame["patient"]))
    rest, test = frame.iloc[rest_rows], frame.iloc[test_rows]

    models = {
        "forest": lambda: RandomForestClassifier(n_estimators=150, min_samples_leaf=3, random_state=args.seed),
        "boosting": lambda: HistGradientBoostingClassifier(max_iter=80, learning_rate=0.05, random_state=args.seed),
    }
    results = {}
    for name, build in models.items():
        aucs = []
        for fit_rows, val_rows in GroupKFold(n_splits=5).split(rest, groups=rest["patient"]):
            fit, val = rest.iloc[fit_rows], rest.iloc[val_rows]
            x_fit, x_val = prepare(fit, val)
            model = build().fit(x_fit, fit["readmitted"])
            aucs.append(roc_auc_score(val["readmitted"], model.predict_proba(x_val)[:, 1]))
        results[name] = np.mean(aucs)
        print(f"{name}: auc {np.mean(aucs):.4f} over {len(aucs)} folds")

    chosen = max(results, key=results.get)
    x_rest, x_test = prepare(rest, test)
    model = models[chosen]().fit(x_rest, rest["readmitted"])
    probability = model.predict_proba(x_test)[:, 1]
    print(f"{chosen}: log loss {log_loss(test['readmitted'], probability):.4f}")
    print(f"test auc {roc_auc_score(test['readmitted'], probability):.4f}")


if __name__ == "__main__":
    main()
