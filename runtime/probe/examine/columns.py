"""What single columns, trivial guesses and nearest neighbours say of the labels."""

from __future__ import annotations

from typing import Any

from .examiner import Examiner
from .ledger import ledger_of
from .naming import text_at
from .observer import Observer
from .rows import numpy, spread
from .sets import Side
from .tables import Pair, pairs_of

MOST_ROWS = 5000
MOST_NEIGHBOURS = 1500
MOST_CLASSES = 30
FEWEST_ROWS = 20
FEWEST_LABELLED = 60
FEWEST_NUMBERS = 100
"""Where labels are numbers, such as the returns that an agent learns from its own answers."""


class Columns(Observer):
    """Compares columns with labels."""

    name = "columns"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._trainings: list[dict[str, Any]] = []
        self._baselines: list[dict[str, Any]] = []

    def at_end(self) -> None:
        ledger = ledger_of(self.examiner)
        for side in list(ledger.trainings.values())[-6:]:
            self._look(side)
        for pair in pairs_of(ledger):
            if pair.labels is not None and pair.train_labels is not None and len(pair.rows) >= FEWEST_ROWS:
                self._baselines.append(_baseline(numpy(), pair))

    def _look(self, side: Side) -> None:
        table = side.source.table() or side.inputs.table()
        if (table is None or table[1] is None) and side.inputs.held:
            table = side.inputs.table()
        if table is None or table[1] is None or len(table[0]) < FEWEST_ROWS or table[0].shape[1] < 3:
            return
        np = numpy()
        if len(table[0]) < (FEWEST_NUMBERS if (table[1] != np.round(table[1])).any() else FEWEST_LABELLED):
            return
        step = max(1, len(table[0]) // MOST_ROWS)
        rows, labels = table[0][::step].astype(np.float64), table[1][::step].astype(np.float64)
        scores = _scores(np, rows, labels)
        order = np.argsort(-scores)
        if not len(order):
            return
        self._trainings.append(
            {
                "model": side.kind,
                "place": side.place.as_json() if side.place else None,
                "text": text_at(side.place.file, side.place.line) if side.place else "",
                "rows": len(rows),
                "column": int(order[0]),
                "best": float(scores[order[0]]),
                "second": float(scores[order[1]]),
                "identical": float(np.isclose(rows[:, order[0]], labels, rtol=1e-6, atol=0).mean()),
                "classes": len(np.unique(labels)),
                "steadiness": _steadiness(np, labels),
                "examples": [[round(float(rows[i, order[0]]), 5), float(labels[i])] for i in range(5)],
            }
        )

    def report(self) -> dict[str, Any] | None:
        if not self._trainings and not self._baselines:
            return None
        return {"trainings": self._trainings, "baselines": self._baselines}


def _scores(np: Any, rows: Any, labels: Any) -> Any:
    """For every column, how much of the labels it tells in a straight line, or by its mean in each class: 0 to 1."""
    rows = np.nan_to_num(rows)
    centred, about = rows - rows.mean(axis=0), labels - labels.mean()
    length = np.sqrt((centred**2).sum(axis=0))
    size = length * np.sqrt((about**2).sum())
    usable = (length > 1e-9) & (size > 1e-9)
    straight = np.where(usable, np.abs(about @ centred) / np.where(usable, size, 1), 0.0)
    classes = np.unique(labels)
    if not 2 < len(classes) <= MOST_CLASSES:
        return straight
    between = sum((labels == one).sum() * centred[labels == one].mean(axis=0) ** 2 for one in classes)
    return np.maximum(straight, np.where(usable, np.sqrt(between) / np.where(usable, length, 1), 0.0))


def _steadiness(np: Any, labels: Any) -> float:
    """How much a label is like the one before: near 1 in a series."""
    about = labels - labels.mean()
    size = float((about**2).sum())
    return float((about[1:] * about[:-1]).sum() / size) if size > 0 else 0.0


def _of_numbers(np: Any, pair: Pair) -> dict[str, Any]:
    """What the training rows' mean would reach, and the best single column taken as it is, such as the value before."""
    truth = pair.labels.astype(np.float64)
    about_mean = truth - float(pair.train_labels.astype(np.float64).mean())
    apart = np.abs(np.nan_to_num(pair.rows.astype(np.float64)) - truth[:, None]).mean(axis=0)
    best = int(apart.argmin())
    return {
        "mean_mae": float(np.abs(about_mean).mean()), "mean_rmse": float(np.sqrt((about_mean**2).mean())),
        "column": best, "column_mae": float(apart[best]),
    }  # fmt: skip


def _baseline(np: Any, pair: Pair) -> dict[str, Any]:
    """What guessing the commonest class (or the mean) and the nearest neighbour would reach."""
    file, line = pair.evaluation.lines[0]
    classes, counts = np.unique(pair.train_labels, return_counts=True)
    last = pair.evaluation.passes[-1]
    found: dict[str, Any] = {
        "rows": len(pair.rows), "file": file, "line": line, "text": text_at(file, line), "model": pair.evaluation.kind,
        "score": last.score if last.judged == 0 else last.correct / last.judged, "method": pair.evaluation.method,
    }  # fmt: skip
    if len(classes) > MOST_CLASSES:
        return {**found, "task": "numbers", **_of_numbers(np, pair)}
    majority = float((pair.labels == classes[counts.argmax()]).mean())
    found = {**found, "task": "classes", "classes": len(classes), "majority": majority}
    if pair.rows.shape[1] < 2:
        return {**found, "neighbour": None}  # texts and the like, which have no distance
    train, labels = pair.train[:MOST_NEIGHBOURS], pair.train_labels[:MOST_NEIGHBOURS]
    rows = pair.rows[:MOST_NEIGHBOURS]
    scale = spread(train)
    left, right = rows / scale, train / scale
    nearest = ((right**2).sum(axis=1) - 2 * left @ right.T).argmin(axis=1)
    neighbour = float((labels[nearest] == pair.labels[: len(rows)]).mean())
    return {**found, "neighbour": neighbour}
