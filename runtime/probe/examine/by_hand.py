"""Models that are written by hand in numpy: which rows train them, and which they are evaluated on.

Rows go into a model where they are multiplied with its weights, and they train it where they are multiplied with an
error afterwards: ``X @ w`` and then ``X.T @ error``. Both are written into the row ledger. Invariant: a product of
rows with something that no error was ever propagated to is no model's; rows that nobody holds are a layer's answers.
"""

from __future__ import annotations

import sys
from collections import Counter, deque
from dataclasses import dataclass
from types import FrameType
from typing import Any

from .. import products
from ..after_import import AfterImport
from .arrays import Finder, Held
from .examiner import Examiner
from .interference import Interference
from .label_order import LabelOrder
from .ledger import MOST_EVALUATIONS, Ledger, ledger_of
from .metric_calls import GUESSES
from .naming import Line, lines_of, words_in
from .observer import Observer, Place
from .pairing import Pairing
from .rows import TARGETS, column, hashes, matrix, numpy
from .sets import Pass

MOST_PENDING = 12
FEWEST_ROWS, FEWEST_COLUMNS = 4, 2
LOOKED_AT = 3
"""So many rows tell whether two arrays are the same."""
MOST_AT_A_LINE = 80
"""So many products of one line are looked at: a long run shows nothing new after them."""
LABELS = {*(name.lower() for name in TARGETS), "ys", "yb", "t"}


class _Model:
    """Stands for the weights that rows of one width are multiplied with."""


@dataclass(eq=False)
class _Call:
    """Rows that were multiplied with weights."""

    given: Any
    """The array itself, so that no other takes its place in memory meanwhile."""
    shape: tuple[int, ...]
    rows: Any
    labels: Any
    lines: tuple[Line, ...]
    place: Place | None
    printed: int
    array: Held | None
    is_data: bool
    """It is sure that these are rows of the data, and no layer's answers."""

    @property
    def address(self) -> int:
        return _address(self.given)

    @property
    def signature(self) -> int:
        return int(hashes(self.rows).sum()) % (1 << 64)


class ByHand(Observer):
    """Listens to products of numpy."""

    name = "by_hand"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._pending: deque[_Call] = deque()
        self._evaluated: dict[Any, _Call] = {}
        self._models: dict[int, _Model] = {}
        self._arrays: dict[Any, Held | None] = {}
        self._latest: dict[Any, int] = {}
        self._finder = Finder()
        self._looked: Counter[tuple[str, int]] = Counter()
        self._batches: set[int] = set()
        self._training_lines: set[tuple[Line, ...]] = set()
        self._trained = 0

    def begin(self, waiting: AfterImport) -> None:
        products.listen(self._product)

    def _product(self, left: Any, right: Any, result: Any) -> None:
        if type(left).__name__ != "ndarray" or type(right).__name__ != "ndarray" or left.ndim != 2:
            return
        frame = sys._getframe(2)
        key = frame.f_code.co_filename, frame.f_lineno
        self._looked[key] += 1
        if self._looked[key] <= MOST_AT_A_LINE and self._is_here() and self.examiner.is_in(self):
            self.examiner.guard(self, self._look, left, right)

    def _is_here(self) -> bool:
        return self.examiner.is_here() or self._preparation().in_copy

    def _preparation(self) -> Interference:
        return next(one for one in self.examiner.observers if isinstance(one, Interference))

    def _look(self, left: Any, right: Any) -> None:
        if self._propagates(left, right):
            return
        is_call = right.ndim <= 2 and right.dtype.kind == "f" and left.dtype.kind in "fiub"
        if not is_call or left.shape[0] < FEWEST_ROWS or left.shape[1] < FEWEST_COLUMNS:
            return
        frames = self.examiner.user_frames()
        rows = matrix(left)
        if rows is None:
            return
        lines = lines_of(frames)
        array, is_data = self._origin(frames, lines, rows)
        if not is_data and not any(value is left for value in frames[0].f_locals.values()):
            return
        printed = ledger_of(self.examiner).printed
        labels = _labels(frames[0], len(left))
        self._pending.append(
            _Call(left, left.shape, rows, labels, lines, self.examiner.place(), printed, array, is_data)
        )
        if len(self._pending) > MOST_PENDING:
            self._settle(self._pending.popleft())

    def _settle(self, call: _Call) -> None:
        """No error came back to these rows: they were evaluated, if they are a model's at all."""
        if call.is_data or call.shape[1] in self._models:
            self._evaluated.setdefault((call.lines, call.signature), call)
            call.given = None

    def _propagates(self, left: Any, right: Any) -> bool:
        """Whether an error is multiplied with rows that went into a model: then these train it."""
        there, here = _address(left), _address(right)
        turned = [one for one in self._pending if one.address != here and _is_turned(left, one)]
        others = [one for one in self._pending if here == one.address != there and _is_error_for(left, right, one)]
        for call in (*turned[-1:], *others[-1:])[:1]:
            self._pending.remove(call)
            self._train(call)
            return True
        return False

    def _origin(self, frames: list[FrameType], lines: tuple[Line, ...], rows: Any) -> tuple[Held | None, bool]:
        """The array that rows were taken from, and whether they are data: so taken, or the same again and again."""
        key, signature = (lines[:1], rows.shape[1]), int(hashes(rows).sum())
        if self._arrays.get(key) is None:
            self._arrays[key] = self._finder.holding(frames, rows, set(hashes(rows).tolist()))
        again = self._latest.get(key) == signature
        self._latest[key] = signature
        return self._arrays[key], again or self._arrays[key] is not None

    # -- the ledger --------------------------------------------------------------------------------------------------

    def _model(self, width: int) -> _Model:
        return self._models.setdefault(width, _Model())

    def _train(self, call: _Call) -> None:
        self._training_lines.add(call.lines)
        if not call.is_data:
            return
        self._preparation().trained_by_hand(call.rows, call.place)
        self._trained += 1
        self._batches.add(call.signature)
        ledger = ledger_of(self.examiner)
        number = ledger.number(self._model(call.shape[1]))
        side = ledger._training(number, "model written in numpy", call.place, 0)
        side.inputs.add(call.rows, call.labels)
        if call.array is not None and not side.arrays:
            side.arrays.append(call.array)
        if call.labels is not None:
            self._tell_others(call)

    def _tell_others(self, call: _Call) -> None:
        for other in self.examiner.observers:
            if isinstance(other, LabelOrder):
                other._take(call.labels, call.place)
            elif isinstance(other, Pairing) and other.wants_more and len(call.rows) >= 8:
                other._look(call.rows, call.labels, call.place, in_larger=call.array is not None)

    def at_end(self) -> None:
        ledger = ledger_of(self.examiner)
        for call in self._pending:
            self._settle(call)
        for call in self._evaluated.values():
            number = ledger.number(self._model(call.shape[1]))
            is_of_step = call.lines in self._training_lines or (
                len(self._batches) > 1 and call.signature in self._batches
            )
            if number in ledger.trainings and not is_of_step and len(ledger.evaluations) < MOST_EVALUATIONS:
                self._evaluate(ledger, call, number)

    def _evaluate(self, ledger: Ledger, call: _Call, number: int) -> None:
        key = number, call.lines, call.signature
        evaluation = ledger._evaluation(key, number, "model written in numpy", call.lines, call.place)
        evaluation.training = ledger.trainings[number]
        evaluation.side.inputs.add(call.rows, call.labels)
        evaluation.passes.append(Pass(0, len(call.rows), None, call.signature, printed=call.printed))

    def report(self) -> dict[str, Any] | None:
        return {"trained": self._trained, "lines": len(self._looked)} if self._trained else None


def _is_turned(left: Any, call: _Call) -> bool:
    """Whether the left side is the transposed rows of a call, up to a factor, as in ``rate * X.T @ error``."""
    if left.shape != call.shape[::-1] or left.dtype.kind not in "fiub":
        return False
    np = numpy()
    rows, columns = call.given[:LOOKED_AT].astype(np.float64), left[:, :LOOKED_AT].T.astype(np.float64)
    largest = int(np.abs(rows).argmax())
    if not rows.flat[largest]:
        return False
    factor = columns.flat[largest] / rows.flat[largest]
    return bool(factor and np.allclose(columns, factor * rows, rtol=1e-5, atol=1e-9 * abs(factor)))


def _is_error_for(left: Any, right: Any, call: _Call) -> bool:
    """Whether the right side is the rows of a call, as in ``error.T @ X``."""
    return bool(right.shape == call.shape and left.shape[1] == call.shape[0])


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _labels(frame: FrameType, count: int) -> Any:
    """A variable with one label for each row, by its name."""
    np = numpy()
    for name, value in list(frame.f_locals.items())[:400]:
        if type(value).__name__ != "ndarray" or value.shape not in ((count,), (count, 1)):
            continue
        words = words_in(name)
        if value.dtype.kind in "fiub" and words & LABELS and not words & GUESSES and np.isfinite(value).all():
            return column(value)
    return None
