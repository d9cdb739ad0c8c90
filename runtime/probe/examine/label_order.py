"""How much alike the labels of a training batch are, compared with all training labels together."""

from __future__ import annotations

from typing import Any

from .estimator_events import Used
from .examiner import Examiner
from .observer import LossCall, Observer, Place
from .rows import column, numpy

MOST_BATCHES = 3000
MOST_CLASSES = 1000
CLASS_LOSSES = ("cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits")


class LabelOrder(Observer):
    """Counts labels batch by batch."""

    name = "label_order"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._pooled: dict[float, int] = {}
        self._alike: list[float] = []
        self._sizes: list[int] = []
        self._first: list[list[float]] = []
        self._place: Place | None = None
        self._binary = False

    def on_loss(self, loss: LossCall) -> None:
        if loss.grad_enabled and loss.name in CLASS_LOSSES:
            self._binary = self._binary or loss.name.startswith("binary")
            self._take(loss.arguments.get("target"), loss.place)

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment == "before" and used.name == "partial_fit" and used.labels is not None:
            self._take(used.labels, self.examiner.place())

    def _take(self, target: Any, place: Place | None) -> None:
        labels, np = column(target), numpy()
        if labels is None or len(labels) < 4 or len(self._alike) >= MOST_BATCHES:
            return
        classes, counts = np.unique(labels, return_counts=True)
        if len(self._pooled) > MOST_CLASSES or (classes != np.round(classes)).any():
            return
        for one, count in zip(classes.tolist(), counts.tolist()):
            self._pooled[one] = self._pooled.get(one, 0) + count
        self._alike.append(float((counts * (counts - 1)).sum() / (len(labels) * (len(labels) - 1))))
        self._sizes.append(len(labels))
        if len(self._first) < 3:
            self._first.append(labels[:16].tolist())
        self._place = self._place or place

    def report(self) -> dict[str, Any] | None:
        total = sum(self._pooled.values())
        if not total or (self._binary and min(self._alike) == 1.0):
            return None  # true and false examples in turn, as an adversary is trained
        return {
            "batches": len(self._alike),
            "classes": len(self._pooled),
            "pooled": sum((count / total) ** 2 for count in self._pooled.values()),
            "within": sum(self._alike) / len(self._alike),
            "size": max(self._sizes),
            "rows": total,
            "first": self._first,
            "place": self._place.as_json() if self._place else None,
        }
