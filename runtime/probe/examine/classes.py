"""Which classes the training rows have, and which the evaluation rows."""

from __future__ import annotations

from typing import Any

from .examiner import Examiner
from .ledger import ledger_of
from .naming import text_at
from .observer import Observer
from .rows import numpy
from .sets import Side

MOST_CLASSES = 30
FEWEST_ROWS = 40


class Classes(Observer):
    """Compares the labels of both sides."""

    name = "classes"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._found: list[dict[str, Any]] = []

    def at_end(self) -> None:
        np = numpy()
        for evaluation in ledger_of(self.examiner).evaluations.values():
            if evaluation.training is None or evaluation.called == "train":
                continue
            here, there = _labels(np, evaluation.side), _labels(np, evaluation.training)
            if here is None or there is None:
                continue
            missing = ~np.isin(here, there)
            file, line = evaluation.lines[0]
            self._found.append(
                {
                    "rows": len(here), "train_rows": len(there), "missing_rows": int(missing.sum()),
                    "missing": np.unique(here[missing])[:8].tolist(), "train_classes": len(np.unique(there)),
                    "file": file, "line": line, "text": text_at(file, line),
                }
            )  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"evaluations": self._found} if self._found else None


def _labels(np: Any, side: Side) -> Any:
    """All labels of a side that are whole numbers of few kinds; ``None`` where they are not known."""
    for rows in (side.source, side.inputs):
        labels = np.concatenate(rows.labels) if rows.labelled and rows.labels else None
        if labels is None or len(labels) < FEWEST_ROWS:
            continue
        if (labels == np.round(labels)).all() and len(np.unique(labels)) <= MOST_CLASSES:
            return labels
    return None
