"""Which rows of a table train and which are evaluated, as row numbers.

They are read from what made the split: the numbers that a splitter gave, or the labels that pandas keeps with every
row. Where neither is known, a table with the very rows that were trained on and evaluated tells.
Invariant: an index of pandas is believed only where the two sides have no label in common and no label comes twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .estimator_events import FITS, Used
from .ledger import Ledger
from .observer import Place
from .rows import hashes, is_frame, matrix, numpy

MOST_SPLITS = 12
FEWEST_TRAINED = 20
FEWEST_EVALUATED = 8


@dataclass(frozen=True, eq=False)
class Split:
    """The row numbers of both sides."""

    train: Any
    evaluated: Any
    place: Place | None


class Sides:
    """Gathers splits while the script runs."""

    def __init__(self) -> None:
        self._numbered: dict[Any, Split] = {}
        self._labels: dict[int, Any] = {}
        """The index that each estimator was last fitted on, by the estimator's number."""
        self._labelled: dict[Any, Split] = {}

    def take(self, moment: str, used: Used, number: int | None, place: Place | None) -> None:
        """Note what one call in scikit-learn tells of the sides; ``number`` is the estimator's."""
        if moment in ("split", "fold") and used.indices is not None and len(used.indices) == 2:
            key = (place, sum(map(len, used.indices)))
            if len(self._numbered) < MOST_SPLITS:
                self._numbered.setdefault(key, Split(used.indices[0], used.indices[1], place))
        elif moment == "before" and used.kind == "estimator" and number is not None and is_frame(used.data):
            self._take_index(used, number, place)

    def _take_index(self, used: Used, number: int, place: Place | None) -> None:
        index = used.data.index
        if used.name in FITS:
            self._labels[number] = index
        elif number in self._labels and place not in self._labelled and len(self._labelled) < MOST_SPLITS:
            self._labelled[place] = Split(self._labels[number], index, place)

    def of(self, values: Any, tables: Sequence[Any], ledger: Ledger) -> Iterator[Split]:
        """The splits of a column: as many rows as a splitter had, or labels of pandas that hold those of both sides."""
        count = len(values)
        numbered = [one for one in self._numbered.values() if len(one.train) + len(one.evaluated) == count]
        yield from numbered
        labelled = list(self._by_label(values)) if is_frame(values) else []
        yield from labelled
        if not numbered and not labelled:
            yield from _by_rows((one for one in tables if one.shape[0] == count), ledger)

    def _by_label(self, values: Any) -> Iterator[Split]:
        np, index = numpy(), values.index
        if not index.is_unique:
            return
        for one in self._labelled.values():
            if len(one.train.intersection(one.evaluated)):
                continue
            train, evaluated = index.get_indexer(one.train), index.get_indexer(one.evaluated)
            if (train >= 0).all() and (evaluated >= 0).all():
                yield Split(np.asarray(train), np.asarray(evaluated), one.place)


def _by_rows(tables: Iterable[Any], ledger: Ledger) -> Iterator[Split]:
    """Sides of tables in which rows that trained and rows that were evaluated lie as the model got them."""
    np = numpy()
    for rows in map(matrix, tables):
        if rows is None:
            continue
        found = hashes(rows)
        for evaluation in ledger.evaluations.values():
            training = evaluation.training
            if training is None or evaluation.called == "train":
                continue
            there, here = np.isin(found, training.inputs.hashes), np.isin(found, evaluation.side.inputs.hashes)
            if (there & ~here).sum() >= FEWEST_TRAINED and (here & ~there).sum() >= FEWEST_EVALUATED:
                yield Split(np.flatnonzero(there & ~here), np.flatnonzero(here & ~there), evaluation.place)
                return
