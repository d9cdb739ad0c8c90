"""One call of a torch model as the ledger sees it: its rows, where they come from, and how many answers are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .arrays import Held
from .datasets import rows_of
from .naming import Line
from .rows import column, hashes, is_tensor, matrix, numpy
from .sets import Pass, Side

MOST_ANSWERS = 2_000_000
"""So many numbers of one pass's answers are kept."""
PLAIN_SAMPLERS = ("SequentialSampler", "RandomSampler", "WeightedRandomSampler", "DistributedSampler")


@dataclass(eq=False)
class Seen:
    """The rows of one call."""

    rows: Any
    lines: tuple[Line, ...]
    tokens: bool = False
    loader: Any = None
    given: int = 0
    """The sum of the hashes of the rows as the loader gave them."""
    array: Held | None = None
    target: Any = None
    output: Any = None
    judging: Pass | None = None

    def hashes(self) -> set[int]:
        """The rows' hashes."""
        return set(hashes(self.rows).tolist())

    def total(self) -> int | None:
        """How many rows there are where these come from."""
        try:
            return len(self.loader.dataset) if self.loader is not None else None
        except Exception:  # noqa: BLE001  boundary: a foreign data set without a length
            return None


def judge(seen: Seen, into: Pass) -> None:
    """Count the right answers of a classifier, once its targets are known; then forget both."""
    if seen.target is None:
        return
    guesses, truth, scores = predicted(seen.output), column(seen.target), answered(seen.output)
    seen.output = None
    if scores is not None and truth is not None and len(scores) == len(truth):
        into.numbers += scores.size
        if into.numbers <= MOST_ANSWERS:
            into.pieces.append((truth, scores))
            into.piece_rows.append(hashes(seen.rows))
    if guesses is None or truth is None or len(guesses) != len(truth):
        return
    right = int((guesses == truth).sum())
    into.correct += right
    into.judged += len(truth)
    if len(into.means) < 5000:
        into.means.append(right / len(truth))


def answered(output: Any) -> Any:
    """What a model answers for each row, one number or one for each class; ``None`` for anything else."""
    output = getattr(output, "logits", output)
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not is_tensor(output) or output.ndim not in (1, 2) or not output.dtype.is_floating_point:
        return None
    return matrix(output)


def predicted(output: Any) -> Any:
    """The classes that logits speak for; ``None`` for what are no logits."""
    output = getattr(output, "logits", output)
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not is_tensor(output) or output.ndim != 2 or not output.dtype.is_floating_point or output.shape[1] < 2:
        return None
    scores = matrix(output)
    return None if scores is None else scores.argmax(axis=1).astype("float32")


def rows_behind(trainings: Sequence[Side], evaluations: Sequence[Side]) -> None:
    """Look up the whole data sets and arrays that the seen rows come from.

    An array that holds rows of both sides says nothing: which of its rows went where was seen only in part.
    """
    known: dict[int, Any] = {}
    for sides, others in ((trainings, evaluations), (evaluations, trainings)):
        for side in sides:
            for loader in side.loaders:
                found = known.setdefault(id(loader), _loaded(loader))
                if found is not None:
                    side.source.add(*found)
            for array in side.arrays:
                rows = matrix(array.value)
                if rows is not None and not _holds_rows_of(others, rows, side):
                    side.source.add(rows)


def _holds_rows_of(others: Sequence[Side], rows: Any, side: Side) -> bool:
    np = numpy()
    unseen = np.setdiff1d(hashes(rows), side.inputs.hashes)
    return any(bool(np.isin(other.inputs.hashes, unseen).any()) for other in others)


def _loaded(loader: Any) -> tuple[Any, Any] | None:
    """All rows that a loader goes through; ``None`` where its order hides which."""
    sampler, np = getattr(loader, "sampler", None), numpy()
    dataset = getattr(loader, "dataset", None)
    if dataset is None or not hasattr(dataset, "__getitem__"):
        return None
    batches = type(getattr(loader, "batch_sampler", None)).__name__
    if batches not in ("BatchSampler", "NoneType"):
        return None
    if type(sampler).__name__ in PLAIN_SAMPLERS:
        return rows_of(dataset)
    indices = getattr(sampler, "indices", None)
    if type(sampler).__name__ != "SubsetRandomSampler" or indices is None:
        return None
    found = rows_of(dataset)
    places = np.asarray([int(one) for one in indices])
    return None if found is None else (found[0][places], None if found[1] is None else found[1][places])
