"""Calls of scikit-learn's metrics: what they were given, compared with what estimators predicted."""

from __future__ import annotations

from typing import Any

from .estimator_events import Used
from .examiner import Examiner
from .ledger import ledger_of
from .naming import argument_words, lines_of, text_at, words_at
from .observer import Observer
from .rows import column, numpy

MOST_CALLS = 400
GUESSES = {"pred", "preds", "prediction", "predictions", "predicted", "hat", "output", "outputs", "logits"}
GUESSES |= {"prob", "probs", "proba", "score", "scores"}
TRUTHS = {"true", "truth", "test", "val", "target", "targets", "label", "labels", "gt", "actual", "te"}


class MetricCalls(Observer):
    """Notes every outermost call of a metric."""

    name = "metric_calls"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._calls: list[dict[str, Any]] = []
        self._count = 0

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment != "after" or used.kind != "metric":
            return
        self._count += 1
        place = self.examiner.place()
        if place is None or len(self._calls) >= MOST_CALLS:
            return
        frames = lines_of(self.examiner.user_frames())
        arguments = used.arguments
        outputs = ledger_of(self.examiner).outputs
        self._calls.append(
            {
                "name": used.name,
                "file": place.file,
                "line": place.line,
                "text": text_at(place.file, place.line),
                "words": sorted(words_at(frames)),
                "average": arguments.get("average"),
                "rows": _length(used.labels),
                "swapped": self._is_swapped(used, place.file, place.line),
                "hard": _is_hard(used.labels),
                "of_more": _rows_left_out(used.labels, outputs),
            }
        )

    def _is_swapped(self, used: Used, file: str, line: int) -> bool:
        """Whether the predictions stand where the truth belongs, by value or by name."""
        outputs = [result for result, evaluation in ledger_of(self.examiner).outputs if evaluation.method == "predict"]
        if any(_same(used.data, one) for one in outputs):
            return not any(_same(used.labels, one) for one in outputs)
        if any(_same(used.labels, one) for one in outputs):
            return False
        words = argument_words(file, line, used.name)
        if len(words) < 2:
            return False
        first, second = words[0], words[1]
        if not first & GUESSES or second & GUESSES:
            return False
        return bool(second & TRUTHS) and not first & {"true", "truth"}

    def report(self) -> dict[str, Any] | None:
        return {"calls": self._calls, "count": self._count} if self._count else None


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    left, right = column(one), column(other)
    return left is not None and right is not None and left.shape == right.shape and bool((left == right).all())


def _length(values: Any) -> int | None:
    try:
        return len(values)
    except TypeError:
        return None


def _is_hard(scores: Any) -> bool:
    """Whether scores are no more than two different whole numbers."""
    found, np = column(scores), numpy()
    if found is None or len(found) < 10:
        return False
    different = np.unique(found)
    return len(different) <= 2 and bool((different == np.round(different)).all())


def _rows_left_out(values: Any, outputs: list[tuple[Any, Any]]) -> int:
    """How many predictions were left out, where these are a part of them."""
    base = getattr(values, "base", None)
    for result, _ in outputs:
        if base is not None and base is result and len(result) > len(values):
            return len(result) - len(values)
    return 0
