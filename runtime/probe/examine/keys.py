"""Columns that tell rows apart: whose they are and when they are from, on both sides of the split.

Columns are looked for where the data is split and where training begins: in tables by name, and among the variables.
Which of their rows train and which are evaluated is read from the split's row numbers, or from a table with as many
rows in which the rows of both sides lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .arrays import held_in
from .estimator_events import FITS, Used
from .examiner import Examiner
from .ledger import ledger_of
from .naming import text_at, words_in
from .observer import ModelCall, Observer, Place
from .rows import column, hashes, is_frame, matrix, numpy

WHOSE = {"group", "groups", "patient", "patients", "subject", "subjects", "speaker", "speakers", "person", "persons"}
WHOSE |= {"user", "users", "customer", "customers", "participant", "participants", "animal", "client", "session"}
WHEN = {"time", "date", "datetime", "timestamp", "day", "month", "year"}
MOST_TABLES = 12
FEWEST_ROWS = 40


class Keys(Observer):
    """Looks for such columns."""

    name = "keys"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._columns: dict[str, Any] = {}
        self._tables: list[Any] = []
        self._labels: dict[str, Any] = {}
        self._split: tuple[Any, Any, Place | None] | None = None
        self._looked = 0
        self._found: list[dict[str, Any]] = []

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment == "split" and used.indices is not None and self._split is None and len(used.indices) == 2:
            self._split = used.indices[0], used.indices[1], self.examiner.place()
            self._gather()
        elif moment == "before" and used.kind == "estimator" and used.name in FITS:
            self._gather()

    def on_model_call(self, call: ModelCall) -> None:
        if call.grad_enabled:
            self._gather()

    def _gather(self) -> None:
        """Look through the variables, a few times at most."""
        self._looked += 1
        if self._looked > 4:
            return
        for held in held_in(self.examiner.user_frames()):
            value = held.value
            if value.shape[0] < FEWEST_ROWS:
                continue
            if is_frame(value) and value.ndim == 2:
                for name in value.columns:
                    self._keep(str(name), value[name])
            elif value.ndim == 1:
                self._keep(held.name, value)
            if value.ndim > 1 and len(self._tables) < MOST_TABLES and not any(value is one for one in self._tables):
                self._tables.append(value)

    def _keep(self, name: str, values: Any) -> None:
        words = words_in(name)
        if words & WHOSE or words & WHEN or "datetime" in str(getattr(values, "dtype", "")):
            self._columns.setdefault(name, values)
        elif words & {"y", "target", "label", "labels", "value"}:
            self._labels.setdefault(name, values)

    # -- the end -----------------------------------------------------------------------------------------------------

    def at_end(self) -> None:
        for name, values in self._columns.items():
            for train, evaluated, place in self._sides(len(values)):
                words = words_in(name)
                if words & WHOSE:
                    self._of_groups(name, values, train, evaluated, place)
                else:
                    self._of_times(name, values, train, evaluated, place)
                break

    def _sides(self, count: int) -> Iterator[tuple[Any, Any, Place | None]]:
        """Row numbers of training and of evaluation, for columns of ``count`` rows."""
        np = numpy()
        if self._split is not None and len(self._split[0]) + len(self._split[1]) == count:
            yield self._split
        ledger = ledger_of(self.examiner)
        for table in (one for one in self._tables if one.shape[0] == count):
            rows = matrix(table)
            if rows is None:
                continue
            found = hashes(rows)
            for evaluation in ledger.evaluations.values():
                training = evaluation.training
                if training is None or evaluation.called == "train":
                    continue
                there, here = np.isin(found, training.inputs.hashes), np.isin(found, evaluation.side.inputs.hashes)
                if (there & ~here).sum() >= FEWEST_ROWS / 2 and (here & ~there).sum() >= 8:
                    yield np.flatnonzero(there & ~here), np.flatnonzero(here & ~there), evaluation.place

    def _of_groups(self, name: str, values: Any, train: Any, evaluated: Any, place: Place | None) -> None:
        np, keys = numpy(), _plain(values)
        if keys is None or not 5 < len(np.unique(keys)) <= len(keys) / 2:
            return
        shared = np.isin(keys[evaluated], keys[train])
        self._found.append(
            {
                "kind": "group", "name": name, "groups": len(np.unique(keys)),
                "shared": len(np.intersect1d(keys[evaluated], keys[train])), "rows": int(shared.sum()),
                "evaluated": len(evaluated), "constant_label": self._label_of_group(keys), **_at(place),
            }
        )  # fmt: skip

    def _label_of_group(self, keys: Any) -> float | None:
        """The share of groups whose rows all have one label."""
        np = numpy()
        labels = next((found for found in map(_plain, self._labels.values()) if found is not None
                       and len(found) == len(keys) and 1 < len(np.unique(found)) <= 20), None)  # fmt: skip
        if labels is None:
            return None
        constant = [len(np.unique(labels[keys == one])) == 1 for one in np.unique(keys)[:300]]
        return sum(constant) / len(constant)

    def _of_times(self, name: str, values: Any, train: Any, evaluated: Any, place: Place | None) -> None:
        np, times = numpy(), _times(values)
        if times is None or len(np.unique(times)) < FEWEST_ROWS / 2:
            return
        later = float((times[train] > np.median(times[evaluated])).mean())
        order = np.argsort(times, kind="stable")
        labels = next((found for found in map(_plain, self._labels.values())
                       if found is not None and len(found) == len(times)), None)  # fmt: skip
        self._found.append(
            {
                "kind": "time", "name": name, "later": later, "train": len(train), "evaluated": len(evaluated),
                "alike": None if labels is None else _alike(np, labels[order]), **_at(place),
            }
        )  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"columns": self._found} if self._found else None


def _at(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"file": "?", "line": 0, "text": ""}
    return {"file": place.file, "line": place.line, "text": text_at(place.file, place.line)}


def _plain(values: Any) -> Any:
    return column(values)


def _times(values: Any) -> Any:
    np = numpy()
    if "datetime" in str(getattr(values, "dtype", "")):
        return np.asarray(values).astype("datetime64[ns]").astype("int64").astype(float)
    if is_frame(values) and values.dtype.kind not in "fiu":
        import pandas  # type: ignore[import-untyped]

        found = pandas.to_datetime(values, errors="coerce")
        return None if found.isna().any() else np.asarray(found).astype("datetime64[ns]").astype("int64").astype(float)
    return _plain(values)


def _alike(np: Any, labels: Any) -> float:
    """How much a label is like the one before it in time."""
    about = labels.astype(float) - labels.mean()
    size = float((about**2).sum())
    return float((about[1:] * about[:-1]).sum() / size) if size > 0 else 0.0
