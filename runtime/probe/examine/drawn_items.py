"""Whether the items of an evaluated data set come out the same when they are asked for again.

Invariant: they are asked for after the script's end, and only those with a class as label that stays the same: noise
to be taken away, masked words and drawn pairs may be the task.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from .examiner import Examiner
from .ledger import ledger_of
from .naming import text_at
from .observer import Observer
from .rows import matrix, numpy
from .sets import Evaluation

MOST_SETS, MOST_ITEMS, DRAWS = 6, 8, 3
SECONDS = 0.5


class DrawnItems(Observer):
    """Asks data sets for a few of their items, several times."""

    name = "drawn_items"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._found: list[dict[str, Any]] = []

    def at_end(self) -> None:
        ledger = ledger_of(self.examiner)
        trained = [loader.dataset for side in ledger.trainings.values() for loader in side.loaders]
        asked: list[Any] = []
        for evaluation in ledger.evaluations.values():
            dataset = getattr(evaluation.loader, "dataset", None)
            known = any(dataset is one for one in (*trained, *asked))
            if dataset is None or known or evaluation.called == "train" or len(asked) >= MOST_SETS:
                continue
            asked.append(dataset)
            self._ask(dataset, evaluation)

    def _ask(self, dataset: Any, evaluation: Evaluation) -> None:
        deadline, items, different = time.monotonic() + SECONDS, 0, 0
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            for place in range(0, len(dataset), max(1, len(dataset) // MOST_ITEMS)):
                draws = [_item(dataset[place]) for _ in range(DRAWS)]
                if time.monotonic() > deadline or any(one is None for one in draws):
                    break
                items += 1
                different += _differ([one for one in draws if one is not None])
        if items:
            file, line = evaluation.lines[0]
            self._found.append(
                {"items": items, "different": different, "file": file, "line": line, "text": text_at(file, line)}
            )

    def report(self) -> dict[str, Any] | None:
        return {"sets": self._found} if self._found else None


def _item(item: Any) -> tuple[Any, int] | None:
    """An item's input and its class; ``None`` for what is no such pair."""
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        return None
    given, label = item
    rows, value = matrix(given), numpy().asarray(label)
    return None if rows is None or value.size != 1 or value.dtype.kind not in "iub" else (rows, int(value.reshape(())))


def _differ(draws: list[tuple[Any, int]]) -> bool:
    """Whether the input changes while the class stays."""
    (rows, label), others = draws[0], draws[1:]
    if any(other != label for _, other in others):
        return False
    return any(one.shape != rows.shape or bool((one != rows).any()) for one, _ in others)
