"""The tables behind the evaluations, once the script has ended: training and evaluation rows with their labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .ledger import Ledger
from .sets import Evaluation


@dataclass(frozen=True)
class Pair:
    """One evaluation beside what had trained its model; each different row once."""

    evaluation: Evaluation
    train: Any
    train_labels: Any
    rows: Any
    labels: Any


def pairs_of(ledger: Ledger, most: int = 6) -> Iterator[Pair]:
    """Every evaluation of other rows than the training's whose rows are held, each set of rows once."""
    seen: set[tuple[int, int]] = set()
    for evaluation in reversed(list(ledger.evaluations.values())):
        training = evaluation.training
        if training is None or evaluation.called == "train" or evaluation.tokens:
            continue
        known = id(training), evaluation.passes[-1].signature
        if known in seen or len(seen) >= most:
            continue
        seen.add(known)
        for left, right in (
            (evaluation.side.source, training.source),
            (evaluation.side.inputs, training.inputs),
        ):
            rows, train = left.table(), right.table()
            if rows is not None and train is not None and rows[0].shape[1] == train[0].shape[1]:
                yield Pair(evaluation, train[0], train[1], rows[0], rows[1])
                break
