"""Whether the targets of a batch or a fit stand at the same places of their array as its inputs do of theirs.

The arrays are looked for among the user's variables: one that holds the batch's inputs row for row, and those of as
many rows that hold targets. Invariant: targets count as another place's only where it is certain which place that is:
their numbers come once each, or they are one stretch of the array as it stands; and where no array has them in place.
Two tables of pandas that are fitted together tell by their labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .alignment import ON_PURPOSE
from .arrays import held_in
from .estimator_events import FITS, Used
from .examiner import Examiner
from .naming import text_at, words_in
from .observer import LossCall, ModelCall, Observer, Place
from .rows import column, first_input, hashes, is_frame, matrix, numpy, parts

MOST_BATCHES = 4
FEWEST_ROWS = 8
MOST_NUMBERS = 30_000_000
MOST_ROWS = 300_000


class Pairing(Observer):
    """Looks at the first batches that train."""

    name = "pairing"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._inputs: Any = None
        self._found: list[dict[str, Any]] = []
        self._looked = 0

    def on_model_call(self, call: ModelCall) -> None:
        wanted = call.grad_enabled and self._looked < MOST_BATCHES
        self._inputs = matrix(first_input(list(parts([call.args, call.kwargs])))) if wanted else None

    def on_loss(self, loss: LossCall) -> None:
        inputs, self._inputs = self._inputs, None
        target = column(loss.arguments.get("target")) if inputs is not None and loss.grad_enabled else None
        if target is None or len(target) != len(inputs) or len(inputs) < FEWEST_ROWS or inputs.shape[1] < 2:
            return
        self._look(inputs, target, loss.place)

    def on_estimator(self, moment: str, used: Used) -> None:
        fits = moment == "before" and used.kind == "estimator" and used.name in FITS and self._looked < MOST_BATCHES
        target = column(used.labels) if fits and hasattr(type(used.owner), "predict") else None
        inputs = matrix(used.data) if target is not None else None
        if inputs is None or target is None or len(target) != len(inputs):
            return
        if len(inputs) < FEWEST_ROWS or inputs.shape[1] < 2:
            return
        if is_frame(used.data) and is_frame(used.labels):
            self._looked += 1
            self._found += _by_label(used.data.index, used.labels.index, self.examiner.place())
        else:
            self._look(inputs, target, self.examiner.place())

    @property
    def wants_more(self) -> bool:
        """Whether another batch is looked at."""
        return self._looked < MOST_BATCHES

    def _look(self, inputs: Any, target: Any, place: Place | None, *, in_larger: bool = False) -> None:
        """Compare one batch; ``in_larger`` arrays only, where the batch itself stands in variables."""
        self._looked += 1
        found = self._compare(inputs, target, place, len(inputs) + in_larger)
        if found is not None:
            self._found.append(found)

    def _compare(self, inputs: Any, target: Any, place: Place | None, fewest: int) -> dict[str, Any] | None:
        held = [one for one in held_in(self.examiner.user_frames()) if fewest <= one.value.shape[0] <= MOST_ROWS]
        apart: dict[str, Any] | None = None
        for rows, name in _tables(held, inputs.shape[1]):
            places = _places_of(inputs, rows)
            columns = [(one.name, column(one.value)) for one in held if one.value.shape[0] == len(rows)]
            for word, values in columns if places is not None else ():
                if values is not None and bool((values[places] == target).all()):
                    return {"name": name, "apart": 0, "rows": len(target)}
                others = None if values is None or apart is not None else _certainly_at(target, values)
                if others is not None and not _is_shift(others - places, len(rows)):
                    wrong = int((values[places] != target).sum())
                    apart = _apart((name, word), places, others, place, wrong, _by_chance(target))
        return apart

    def report(self) -> dict[str, Any] | None:
        return {"batches": self._found} if self._found else None


def _tables(held: list[Any], width: int) -> Iterator[tuple[Any, str]]:
    """Arrays of rows as wide as the batch's, smallest first."""
    for one in sorted(held, key=lambda one: int(one.value.shape[0])):
        numbers = 1
        for size in one.value.shape[1:]:
            numbers *= int(size)
        if numbers == width and one.value.shape[0] * width <= MOST_NUMBERS:
            rows = matrix(one.value)
            if rows is not None:
                yield rows, one.name


def _places_of(inputs: Any, rows: Any) -> Any:
    """Where each input stands in an array in which every one of them stands once; ``None`` where that is not so."""
    np = numpy()
    found = hashes(rows)
    order = np.argsort(found, kind="stable")
    return _looked_up(hashes(inputs), found[order], order)


def _looked_up(wanted: Any, ordered: Any, order: Any) -> Any:
    np = numpy()
    first, last = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
    return order[first] if bool((last - first == 1).all()) else None


def _certainly_at(target: Any, values: Any) -> Any:
    """The only places that targets can come from; ``None`` where several would do, or none."""
    np = numpy()
    order = np.argsort(values, kind="stable")
    places = _looked_up(target, values[order], order)
    if places is not None:
        return places
    if len(np.unique(target)) < 2 or len(target) < 2 * FEWEST_ROWS:
        return None
    if len(target) == len(values):  # all of them, in whatever order
        again = np.argsort(target, kind="stable")
        places = np.empty(len(order), dtype=order.dtype)
        places[again] = order
        return places if bool((values[places] == target).all()) else None
    windows = np.lib.stride_tricks.sliding_window_view(values, len(target))
    starts = np.flatnonzero((windows[:, 0] == target[0]) & (windows[:, -1] == target[-1]))
    starts = [start for start in starts.tolist() if bool((windows[start] == target).all())]
    return np.arange(starts[0], starts[0] + len(target)) if len(starts) == 1 else None


def _is_shift(differences: Any, count: int) -> bool:
    """Whether all targets stand equally far from their inputs, as what comes next does."""
    return len(set((differences % count).tolist())) == 1


def _by_label(rows: Any, targets: Any, place: Place | None) -> list[dict[str, Any]]:
    """Two tables with the same labels: whether they come in the same order."""
    if not rows.is_unique or len(rows) != len(targets) or not rows.isin(targets).all():
        return []
    places, others = numpy().arange(len(rows)), rows.get_indexer(targets)
    if (places == others).all():
        return [{"name": "the table", "apart": 0, "rows": len(rows)}]
    wrong = int((places != others).sum())
    return [_apart(("the table", "the target's column"), places, others, place, wrong, float(len(rows)))]


def _by_chance(target: Any) -> float:
    """How many of these targets would be wrong if they were dealt out anew."""
    _, counts = numpy().unique(target, return_counts=True)
    return float(len(target) - (counts.astype(float) ** 2).sum() / len(target))


def _apart(
    names: tuple[str, str], places: Any, others: Any, place: Place | None, wrong: int, by_chance: float
) -> dict[str, Any]:
    text = text_at(place.file, place.line) if place else ""
    return {
        "name": names[0], "labels": names[1], "apart": wrong, "by_chance": by_chance, "rows": len(places),
        "inputs_at": places[:8].tolist(), "targets_at": others[:8].tolist(),
        "place": place.as_json() if place else None, "text": text, "on_purpose": bool(words_in(text) & ON_PURPOSE),
    }  # fmt: skip
