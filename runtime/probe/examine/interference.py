"""Whether what trains a model depends on evaluation rows: the preparation once more, with only those rows changed.

Which raw rows are evaluated is read from the split's own row numbers, from the labels that pandas keeps, or from an
array with as many rows as the raw data in which both sides lie. Invariant: it is believed only when the same
preparation, with nothing changed, gives the same rows again, and when the array's rows are seen to stand in the raw
data's order.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

from ..after_import import AfterImport
from .arrays import held_in
from .data_sources import DataSources
from .datasets import rows_of
from .estimator_events import FITS, Used
from .examiner import Examiner
from .held_out_scores import HeldOut, HeldOutScores
from .labelled import Labelled
from .ledger import ledger_of
from .naming import text_at
from .observer import ModelCall, Observer, Place
from .perturb import inputs_of, labels_of, perturbed, rows_in
from .rerun import MOST_MATRICES, Rerun
from .rows import column, first_input, hashes, matrix, numpy, parts
from .sets import Evaluation, Side

LONGEST_PREPARATION = 4.0
LONGEST_TO_SCORE = 0.6
"""Seconds from the data to the first score of held-out rows, up to which the way is gone again with shuffled labels."""
MOST_SHUFFLED = 20_000
SHUFFLED = "shuffled"
FEWEST_ROWS = 20
FEWEST_TO_FOLLOW = 60
MOST_ROWS = 200_000


class Interference(Observer):
    """Runs the preparation again."""

    name = "interference"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._copy = Rerun()
        self._sources = DataSources(self._is_here, examiner._is_users_file, self._arrived)
        self._labelled = Labelled()
        self._waiting: AfterImport | None = None
        self._raw: Any = None
        self._source = ""
        self._source_place: Place | None = None
        self._began = 0.0
        self._prepared: float | None = None
        self._matrices: list[list[int]] = []
        self._trained_at: Place | None = None
        self._splits: list[list[list[int]]] = []
        self._split_place: Place | None = None
        self._numbers: dict[int, tuple[Any, Any]] = {}
        """Split arrays by id, with the raw rows' numbers."""
        self._whole: list[Any] = []
        self._why = "no data source was seen"
        self._found: dict[str, Any] = {}
        self._scores = HeldOutScores()
        self._scored_after: float | None = None
        self._is_clean = False
        self._shuffled: dict[str, Any] | None = None

    def _is_here(self) -> bool:
        return self._copy.in_copy or self.examiner.is_here()

    def begin(self, waiting: AfterImport) -> None:
        self._waiting = waiting
        self._sources.install(waiting)

    # -- the script's own run, and the copy's ------------------------------------------------------------------------

    def _arrived(self, name: str, raw: Any) -> Any:
        count = rows_in(raw)
        if self._source or self._copy.in_copy or count is None or not FEWEST_ROWS <= count <= MOST_ROWS:
            return raw
        self._source, self._raw, self._source_place = name, raw, self.examiner.place()
        self._why = "the copy of the process could not be made"
        self._began = time.process_time()
        if not self._copy.fork(self._leave):
            return raw
        self._watch_copy()
        request = self._copy.request
        if request["what"] == "nothing":
            return raw
        return perturbed(raw, request["places"], request["what"], request["target"])

    def _leave(self) -> None:
        """In a copy: the events are not ours to send."""
        descriptor = self.examiner._channel._descriptor
        if descriptor is not None:
            os.close(descriptor)

    def _watch_copy(self) -> None:
        ledger, splits = ledger_of(self.examiner), iter(self._copy.request["splits"])
        ledger.here = lambda: True
        ledger.estimators.replay = lambda: next(splits, None)
        if self._waiting is not None:
            self._waiting.call("torch", self._watch_copys_models)

    def _watch_copys_models(self, torch: Any) -> None:
        def before(module: Any, args: Any, kwargs: Any = None) -> None:
            if torch.is_grad_enabled() and next(module.parameters(), None) is not None and not depth:
                rows = matrix(first_input(list(parts([args, kwargs or {}]))))
                if rows is not None:
                    self._copy.tell(hashes(rows).tolist())
            depth.append(1)

        def after(*_: Any) -> None:
            depth.pop()

        depth: list[int] = []
        modules = torch.nn.modules.module
        modules.register_module_forward_pre_hook(before)
        modules.register_module_forward_hook(after, always_call=True)

    def on_estimator(self, moment: str, used: Used) -> None:
        if self._copy.in_copy and self._copy.request["what"] == SHUFFLED:
            score = self._scores.take(moment, used, ledger_of(self.examiner), self._copy.request["number"])
            if score is not None:
                self._copy.tell_last(list(score.as_json().values()))
            return
        if self._source and not self._copy.in_copy:
            self._note_score(moment, used)
        if moment == "split" and not self._copy.in_copy:
            self._split(used)
        if used.kind == "estimator" and moment == "before" and self._source and hasattr(type(used.owner), "predict"):
            self._labelled.take(used, ledger_of(self.examiner).number(used.owner))
        trains = used.kind == "estimator" and used.name in FITS and used.labels is not None
        if moment != "before" or not trains or not hasattr(type(used.owner), "predict"):
            return
        rows = matrix(used.data)
        if rows is None:
            return
        if self._copy.in_copy:
            self._copy.tell(hashes(rows).tolist())
        else:
            self._trains(hashes(rows), self.examiner.place())

    def _note_score(self, moment: str, used: Used) -> None:
        if self._scores.take(moment, used, ledger_of(self.examiner)) is not None:
            self._scored_after = time.process_time() - self._began

    def on_model_call(self, call: ModelCall) -> None:
        if call.grad_enabled and len(self._matrices) < MOST_MATRICES and self._source:
            rows = matrix(first_input(list(parts([call.args, call.kwargs]))))
            if rows is not None:
                self._trains(hashes(rows), call.place)

    @property
    def in_copy(self) -> bool:
        """Whether this is a copy of the script's process that goes through its preparation again."""
        return self._copy.in_copy

    def trained_by_hand(self, rows: Any, place: Place | None) -> None:
        """Rows train a model that is written in numpy."""
        if not self._copy.in_copy:
            self._trains(hashes(rows), place)
        elif self._copy.request["what"] != SHUFFLED:
            self._copy.tell(hashes(rows).tolist())

    def _trains(self, found: Any, place: Place | None) -> None:
        if not self._source or len(self._matrices) >= MOST_MATRICES:
            return
        if self._prepared is None:
            self._prepared, self._trained_at = time.process_time() - self._began, place
            self._copy.warm()
            count = rows_in(self._raw)
            tables = [one.value for one in held_in(self.examiner.user_frames()) if one.value.shape[0] == count]
            self._whole = [table for table in map(matrix, tables[:12]) if table is not None and table.shape[1] > 1]
        self._matrices.append(found.tolist())

    def _split(self, used: Used) -> None:
        """Note which raw rows each part got; parts of parts too."""
        np, indices = numpy(), used.indices or []
        self._splits.append([part.tolist() for part in indices])
        self._split_place = self._split_place or self.examiner.place()
        known = self._numbers.get(id(used.data))
        numbers = known[1] if known else np.arange(sum(map(len, indices)))
        if known is None and sum(map(len, indices)) != rows_in(self._raw):
            return
        for place, array in enumerate(used.result):
            self._numbers[id(array)] = array, numbers[indices[place % len(indices)]]

    # -- the end -----------------------------------------------------------------------------------------------------

    def at_end(self) -> None:
        try:
            self._why = self._compare()
            if not self._is_clean and not self._found.get("raw"):
                self._shuffled = self._with_shuffled_labels()
        finally:
            self._copy.end()

    def _compare(self) -> str:
        if not self._source or not self._copy.pid or self._prepared is None:
            return self._why if not self._source or self._prepared is not None else "no training matrix was seen"
        if self._prepared > LONGEST_PREPARATION:
            return f"the data preparation takes {self._prepared:.0f} s"
        if self._are_raw_rows():
            self._found = {"raw": True}
            return ""
        places = self._evaluated_rows()
        if places is None or not len(places):
            return "which raw rows are evaluated is not known"
        told = {what: self._changed(self._ask(what, places)) for what in ("values", "labels")}
        self._is_clean = all(one is not None and not one["changed"] for one in told.values())
        if all(one is None for one in told.values()):
            return "the preparation could not be repeated in time with other values"
        if any(one and one["changed"] for one in told.values()) and not self._repeats(places):
            return "the preparation gives other rows each time"
        self._found.update(told)
        self._found["places"] = len(places)
        return ""

    def _with_shuffled_labels(self) -> dict[str, Any] | None:
        """The first held-out score of the same program when every label is another row's; ``None``: not known."""
        real, count, target = self._scores.first, rows_in(self._raw), self._labelled.target
        if real is None or count is None or self._scored_after is None or not self._copy.pid:
            return None
        if self._scored_after > LONGEST_TO_SCORE or count > MOST_SHUFFLED:
            return None
        request = {"what": SHUFFLED, "places": [count - 1], "splits": self._splits, "target": target,
                   "number": real.number}  # fmt: skip
        told = self._copy.ask(request, min(3.0 * self._scored_after + 1.0, self.examiner.seconds_left / 2))
        if not told or len(told[0]) != len(real.as_json()):
            return None
        shuffled = HeldOut(*told[0])
        if shuffled.labels == real.labels or shuffled.rows != real.rows:
            return None  # the labels that were fitted are not the raw ones
        return {"real": real.score, "shuffled": shuffled.score, "chance": shuffled.chance, "rows": real.rows}

    def _repeats(self, places: Any) -> bool:
        """Whether the same preparation, with nothing changed, gives the same rows."""
        unchanged = self._changed(self._ask("nothing", places))
        return unchanged is not None and not unchanged["changed"]

    def raw_pairs(self) -> tuple[Any, Any] | None:
        """The raw inputs and labels, where the source gave both."""
        inputs, labels = matrix(inputs_of(self._raw)), column(labels_of(self._raw))
        return None if inputs is None or labels is None or len(inputs) != len(labels) else (inputs, labels)

    def _are_raw_rows(self) -> bool:
        """Whether the training rows are raw rows as they came: then nothing can have flowed in."""
        raw = matrix(inputs_of(self._raw))
        return raw is not None and set(self._matrices[0]) <= set(hashes(raw).tolist())

    def _ask(self, what: str, places: Any) -> list[list[int]]:
        request = {
            "what": what, "places": [int(one) for one in places], "splits": self._splits,
            "target": self._labelled.target,
        }  # fmt: skip
        seconds = min(2.0 * (self._prepared or 0.0) + 1.5, self.examiner.seconds_left / 2)
        return self._copy.ask(request, seconds)[: len(self._matrices)]

    def _changed(self, again: list[list[int]]) -> dict[str, Any] | None:
        """How many training rows came out with other values; ``None`` where there are none to compare.

        A row that was among the script's rows before is another row in its place, as where labels tell which rows
        are whose: nothing flowed into it.
        """
        pairs = list(zip(self._matrices, again))
        if len(again) < 1 or any(len(one) != len(other) for one, other in pairs):
            return None
        known = self._known_rows()
        changed = sum(a != b and b not in known for one, other in pairs for a, b in zip(one, other))
        return {"changed": changed, "rows": sum(len(one) for one, _ in pairs)}

    def _known_rows(self) -> set[int]:
        """The hashes of all rows that the script itself was seen to have, on either side of its splits."""
        ledger = ledger_of(self.examiner)
        sides = [*ledger.trainings.values(), *(one.side for one in ledger.evaluations.values())]
        known = {one for rows in self._matrices for one in rows}
        for side in sides:
            known |= _rows_of(side)
        tables = [*self._whole, *(matrix(array) for array, _ in self._numbers.values()), *self._behind_loaders()]
        for table in tables:
            known |= set() if table is None else set(hashes(table).tolist())
        return known

    def _evaluated_rows(self) -> Any:
        """The numbers of the raw rows that were evaluated and did not train."""
        labelled = self._labelled.evaluated(self._raw, len(self._matrices))
        if labelled is not None:
            places, many = labelled
            self._matrices = self._matrices[:many]  # later fits, as of other folds, had some of these rows
            return places
        trained: set[int] = set()
        for side in ledger_of(self.examiner).trainings.values():
            trained |= _rows_of(side)
        evaluated: set[int] = set()
        for one in ledger_of(self.examiner).evaluations.values():
            if one.called != "train" and not _is_of_training(one):
                evaluated |= _rows_of(one.side)
        evaluated -= trained
        parts_evaluated = self._evaluated_parts()
        if parts_evaluated:
            return parts_evaluated
        for table, numbers in self._tables():
            found = hashes(table).tolist()
            places = [int(number) for number, one in zip(numbers, found) if one in evaluated]
            if len(places) >= 2:
                return places
        return None

    def _evaluated_parts(self) -> list[int]:
        """The numbers of the rows in those parts of a split that an evaluation's data set was made from."""
        found: set[int] = set()
        for one in ledger_of(self.examiner).evaluations.values():
            table = one.side.source.table() if one.called != "train" else None
            for array, numbers in self._numbers.values() if table is not None else ():
                part = matrix(array)
                if part is not None and table is not None and _same_order(numpy(), part, table[0]):
                    found |= set(numbers.tolist())
        return sorted(found)

    def _tables(self) -> Iterator[tuple[Any, Any]]:
        """Tables in which evaluated rows may lie, with the numbers of the raw rows that they were made from."""
        np = numpy()
        for array, numbers in self._numbers.values():
            table = matrix(array)
            if table is not None and table.shape[1] > 1 and len(table) == len(numbers):
                yield table, numbers
        raw = matrix(inputs_of(self._raw))
        for table in (*self._whole, *self._behind_loaders()):
            if raw is not None and _same_order(np, raw, table):
                yield table, np.arange(len(table))

    def _behind_loaders(self) -> Iterator[Any]:
        """The tables of the whole data sets of which the evaluation's loaders go through a part."""
        for one in ledger_of(self.examiner).evaluations.values():
            dataset: Any = getattr(one.loader, "dataset", None)
            while hasattr(dataset, "indices") and hasattr(dataset, "dataset"):
                dataset = dataset.dataset
            found = rows_of(dataset) if dataset is not None else None
            if found is not None:
                yield found[0]

    def report(self) -> dict[str, Any] | None:
        if self._why:
            return {"could_not": self._why, "shuffled": self._shuffled}
        place = self._split_place or self._trained_at
        return {
            **self._found,
            "shuffled": self._shuffled,
            "source": self._source,
            "loaded_at": self._source_place.as_json() if self._source_place else None,
            "place": place.as_json() if place else None,
            "text": text_at(place.file, place.line) if place else "",
            "trained_at": self._trained_at.as_json() if self._trained_at else None,
        }


def _rows_of(side: Side) -> set[int]:
    return set(side.inputs.hashes.tolist()) | set(side.source.hashes.tolist())


def _is_of_training(one: Evaluation) -> bool:
    """Whether nearly all rows that trained are evaluated: it is the training set then, whatever the lines say."""
    trained = set(one.training.inputs.hashes.tolist()) if one.training is not None else set()
    return len(trained & _rows_of(one.side)) > 0.9 * max(1, len(trained))


def _same_order(np: Any, raw: Any, table: Any) -> bool:
    """Whether most columns of two tables of one width rise and fall together: the rows stand in the same order."""
    if raw.shape != table.shape:
        return _some_alike(np, raw, table)
    left, right = raw - raw.mean(axis=0), table - table.mean(axis=0)
    size = np.sqrt((left**2).sum(axis=0) * (right**2).sum(axis=0))
    varied = size > 1e-9
    if not varied.any():
        return False
    return bool(np.median(np.abs((left * right).sum(axis=0)[varied] / size[varied])) > 0.8)


def _some_alike(np: Any, raw: Any, table: Any) -> bool:
    """Whether some column of one table follows one of another width: by chance none does over so many rows."""
    if len(raw) != len(table) or len(raw) < FEWEST_TO_FOLLOW:
        return False
    left, right = (np.nan_to_num(one[:, :30] - one[:, :30].mean(axis=0)) for one in (raw, table))
    sizes = np.outer(np.linalg.norm(left, axis=0), np.linalg.norm(right, axis=0))
    return bool((np.abs(left.T @ right) / np.maximum(sizes, 1e-9)).max() > 0.8)
