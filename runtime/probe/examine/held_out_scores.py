"""The first accuracy of held-out rows that scikit-learn computes in a program: how good, of how many rows, by chance.

It is looked for twice: in the script's own run, and in the copy that goes through it again with shuffled labels.
Invariant: scores are numbered as they come, so that the copy knows which of its own is the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .estimator_events import FITS, Used
from .ledger import Ledger
from .rows import column, hashes, matrix, numpy

MOST_CLASSES = 30
LARGEST = 1 << 53
"""JSON holds whole numbers up to here."""


@dataclass(frozen=True)
class HeldOut:
    """One accuracy."""

    number: int
    """How many scores came before it."""
    score: float
    rows: int
    chance: float
    """What always answering the commonest of the scored classes reaches."""
    labels: int
    """A hash of the labels that were fitted, to see whether they were others."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class HeldOutScores:
    """Counts scores as they come."""

    def __init__(self) -> None:
        self._count = 0
        self._labels = 0
        self.first: HeldOut | None = None

    def take(self, moment: str, used: Used, ledger: Ledger, wanted: int | None = None) -> HeldOut | None:
        """Note one call; the score that it gave, where that is the first of held-out rows or the wanted one."""
        if moment == "before" and used.kind == "estimator" and used.name in FITS and used.labels is not None:
            self._labels = _hash(used.labels)
        if moment != "after" or self.first is not None:
            return None
        scored = _scored(used)
        if scored is None:
            return None
        number, self._count = self._count, self._count + 1
        is_it = _is_held_out(used, ledger) if wanted is None else number == wanted
        if not is_it:
            return None
        score, labels = scored
        _, counts = numpy().unique(labels, return_counts=True)
        known = _hash(used.labels) if used.kind == "search" else self._labels
        self.first = HeldOut(number, score, len(labels), float(counts.max() / counts.sum()), known)
        return self.first


def _scored(used: Used) -> tuple[float, Any] | None:
    """An accuracy and the true labels that it is of; ``None`` for any other call."""
    np = numpy()
    result = used.result
    if used.kind == "metric" and used.name == "accuracy_score":
        labels = column(used.data)
    elif used.kind == "estimator" and used.name == "score" and hasattr(used.owner, "classes_"):
        labels = column(used.labels)
    elif used.kind == "search" and used.name == "cross_val_score" and used.arguments.get("scoring") is None:
        labels, result = column(used.labels), _mean(result)
        if not hasattr(used.owner, "predict_proba") and not hasattr(used.owner, "decision_function"):
            return None
    else:
        return None
    if labels is None or not isinstance(result, (float, int)) or len(np.unique(labels)) > MOST_CLASSES:
        return None
    return float(result), labels


def _mean(values: Sequence[Any]) -> float | None:
    try:
        return float(sum(values) / len(values))
    except (TypeError, ZeroDivisionError):
        return None


def _is_held_out(used: Used, ledger: Ledger) -> bool:
    if used.kind == "search":
        return True
    if used.kind == "estimator":
        rows, training = matrix(used.data), ledger.trainings.get(ledger.number(used.owner))
        found = None if rows is None else hashes(rows)
    else:
        of = [evaluation for result, evaluation in ledger.outputs if result is used.labels]
        training = of[-1].training if of else None
        found = of[-1].side.inputs.hashes if of else None
    if training is None or found is None:
        return False
    return bool(numpy().isin(found, training.inputs.hashes).mean() < 0.5)


def _hash(labels: Any) -> int:
    values = column(labels)
    return 0 if values is None else int(hashes(values[None, :])[0]) % LARGEST
