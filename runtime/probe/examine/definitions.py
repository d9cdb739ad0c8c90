"""One set of answers under every common definition of its metrics: pure functions of labels and scores.

Invariant: a definition that these answers do not have (a binary score of ten classes, an AUC of one class) is absent,
never zero. ``truth`` is one label for each row; ``scores`` are one row of class scores for each, or one number.
"""

from __future__ import annotations

import math
from typing import Any

from .rows import numpy

HARD_AUC = "ROC AUC of hard labels"
MOST_CLASSES = 200
TOP = (3, 5, 10)


def definitions(truth: Any, scores: Any) -> dict[str, float]:
    """Every metric that follows, by the name of its definition."""
    np = numpy()
    truth = np.asarray(truth, dtype=np.float64).ravel()
    scores = np.asarray(scores, dtype=np.float64)
    scores = scores.reshape(len(truth), -1)
    if not len(truth) or not np.isfinite(scores).all() or not np.isfinite(truth).all():
        return {}
    if scores.shape[1] > 1:
        return _of_classes(np, truth, scores)
    single = scores[:, 0]
    if np.isin(truth, (0, 1)).all():
        is_share = single.min() >= 0 and single.max() <= 1
        guesses = (single > (0.5 if is_share else 0.0)).astype(np.float64)
        return {**_classification(np, truth, guesses), **_ranking(np, truth, single, guesses)}
    return _regression(np, truth, single)


def of_guesses(truth: Any, guesses: Any) -> dict[str, float]:
    """The same of classes that were already chosen, or of numbers."""
    np = numpy()
    truth, guesses = (np.asarray(one, dtype=np.float64).ravel() for one in (truth, guesses))
    whole = (truth == np.round(truth)).all() and (guesses == np.round(guesses)).all()
    if whole and len(np.unique(truth)) <= MOST_CLASSES:
        return _classification(np, truth, guesses)
    return _regression(np, truth, guesses)


def _of_classes(np: Any, truth: Any, scores: Any) -> dict[str, float]:
    guesses = scores.argmax(axis=1).astype(np.float64)
    found = _classification(np, truth, guesses)
    if not (truth == np.round(truth)).all() or truth.min() < 0 or truth.max() >= scores.shape[1]:
        return {}
    own = scores[np.arange(len(truth)), truth.astype(int)]
    above = (scores > own[:, None]).sum(axis=1)
    for most in TOP:
        if most < scores.shape[1]:
            found[f"top-{most} accuracy"] = float((above < most).mean())
    if scores.shape[1] == 2:
        found.update(_ranking(np, truth, scores[:, 1] - scores[:, 0], guesses))
    return found


def _classification(np: Any, truth: Any, guesses: Any) -> dict[str, float]:
    classes = np.unique(np.concatenate([truth, guesses]))
    if len(classes) > MOST_CLASSES:
        return {}
    hits = np.array([((truth == one) & (guesses == one)).sum() for one in classes], dtype=np.float64)
    labels = np.array([(truth == one).sum() for one in classes], dtype=np.float64)
    guessed = np.array([(guesses == one).sum() for one in classes], dtype=np.float64)
    accuracy = float(hits.sum() / len(truth))
    recall = np.divide(hits, labels, out=np.zeros_like(hits), where=labels > 0)
    found = {"accuracy": accuracy, "balanced accuracy": float(recall[labels > 0].mean()), "error": 1 - accuracy}
    measures = {
        "precision": np.divide(hits, guessed, out=np.zeros_like(hits), where=guessed > 0),
        "recall": recall,
        "f1": 2 * hits / np.maximum(labels + guessed, 1),
    }
    for name, values in measures.items():
        found[f"macro {name}"] = float(values.mean())
        found[f"weighted {name}"] = float((values * labels).sum() / len(truth))
        found[f"micro {name}"] = accuracy
        if set(classes.tolist()) <= {0.0, 1.0} and classes[-1] == 1:
            found[f"binary {name}"] = float(values[-1])
    return found


def _ranking(np: Any, truth: Any, scores: Any, guesses: Any) -> dict[str, float]:
    if not np.isin(truth, (0, 1)).all() or len(np.unique(truth)) < 2:
        return {}
    return {"ROC AUC": _auc(np, truth, scores), HARD_AUC: _auc(np, truth, guesses)}


def _auc(np: Any, truth: Any, scores: Any) -> float:
    """The share of pairs that are in order, ties counted half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = int((truth == 1).sum())
    above = float(ranks[truth == 1].sum()) - positives * (positives + 1) / 2
    return above / (positives * (len(truth) - positives))


def _regression(np: Any, truth: Any, guesses: Any) -> dict[str, float]:
    errors = guesses - truth
    mse = float((errors**2).mean())
    spread = float(((truth - truth.mean()) ** 2).mean())
    found = {"mse": mse, "rmse": math.sqrt(mse), "mae": float(np.abs(errors).mean())}
    return {**found, "r2": 1 - mse / spread} if spread > 0 else found


def of_losses(values: list[float], counts: list[int]) -> dict[str, float]:
    """A loss and a perplexity from the mean losses of batches, and how many targets each is the mean of."""
    total = sum(counts)
    if not values or not total or not all(map(math.isfinite, values)):
        return {}
    mean = sum(value * count for value, count in zip(values, counts)) / total
    plain = sum(values) / len(values)
    found = {"mean loss": mean, "mean of the batches' mean losses": plain}
    if max(values) < 50:
        found["perplexity"] = math.exp(mean)
        found["exp of the mean of the batches' mean losses"] = math.exp(plain)
        found["mean of the batches' perplexities"] = sum(map(math.exp, values)) / len(values)
    return found
