"""Columns that tell rows apart: whose they are and when they are from, on both sides of the split.

Columns are looked for where the data is split and where training begins: in tables by name, and among the variables.
Which of their rows train and which are evaluated is what ``sides.py`` tells.
"""

from __future__ import annotations

from typing import Any

from .arrays import held_in
from .estimator_events import FITS, Used
from .examiner import Examiner
from .ledger import ledger_of
from .naming import text_at, words_in
from .observer import ModelCall, Observer, Place
from .rows import column, is_frame, numpy
from .sides import Sides

WHOSE = {"group", "groups", "patient", "patients", "subject", "subjects", "speaker", "speakers", "person", "persons"}
WHOSE |= {"user", "users", "customer", "customers", "participant", "participants", "animal", "client", "session"}
WHOSE |= {"household", "family", "student", "driver", "author", "writer", "donor", "machine", "device", "sensor"}
WHOSE |= {"site", "id", "ids", "uid", "uuid"}
WHEN = {"time", "date", "datetime", "timestamp", "day", "month", "year"}
MOST_TABLES = 12
FEWEST_ROWS = 40


class Keys(Observer):
    """Looks for such columns."""

    name = "keys"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._columns: dict[tuple[str, int], Any] = {}
        self._tables: list[Any] = []
        self._labels: dict[tuple[str, int], Any] = {}
        self._predicted: set[str] = set()
        """The names of the columns that estimators were fitted to."""
        self._split = Sides()
        self._looked = 0
        self._found: list[dict[str, Any]] = []

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment == "after" or used.kind not in ("split", "estimator"):
            return
        number = ledger_of(self.examiner).number(used.owner) if used.owner is not None else None
        self._split.take(moment, used, number, self.examiner.place())
        if moment in ("split", "fold"):
            self._look_through([used.data] if is_frame(used.data) else [])
            self._gather()
        elif moment == "before" and used.name in FITS:
            name = getattr(used.labels, "name", None) if is_frame(used.labels) else None
            self._predicted |= {str(name)} if name is not None else set()
            self._gather()

    def on_model_call(self, call: ModelCall) -> None:
        if call.grad_enabled:
            self._gather()

    def _gather(self) -> None:
        """Look through the variables, a few times at most."""
        self._looked += 1
        if self._looked > 4:
            return
        held = [one for one in held_in(self.examiner.user_frames()) if one.value.shape[0] >= FEWEST_ROWS]
        for one in held:
            if one.value.ndim == 1:
                self._keep(one.name, one.value)
        self._look_through([one.value for one in held if one.value.ndim > 1])

    def _look_through(self, tables: list[Any]) -> None:
        for table in tables:
            if len(self._tables) >= MOST_TABLES or any(table is one for one in self._tables):
                continue
            self._tables.append(table)
            for place, name in enumerate(table.columns if is_frame(table) and table.ndim == 2 else ()):
                self._keep(str(name), table.iloc[:, place])

    def _keep(self, name: str, values: Any) -> None:
        words = words_in(name)
        if words & WHOSE or words & WHEN or "datetime" in str(getattr(values, "dtype", "")):
            self._columns.setdefault((name, len(values)), values)
        elif words & {"y", "target", "label", "labels", "value"}:
            self._labels.setdefault((name, len(values)), values)

    # -- the end -----------------------------------------------------------------------------------------------------

    def at_end(self) -> None:
        for name in self._predicted:
            for table in self._tables:
                if is_frame(table) and table.ndim == 2 and name in table.columns:
                    self._labels.setdefault((name, len(table)), table[name])
        ledger = ledger_of(self.examiner)
        for (name, _), values in self._columns.items():
            told: set[tuple[int, int]] = set()
            for split in self._split.of(values, self._tables, ledger):
                size = len(split.train), len(split.evaluated)
                if words_in(name) & WHOSE and size not in told:
                    self._of_groups(name, values, split.train, split.evaluated, split.place)
                elif not told:
                    self._of_times(name, values, split.train, split.evaluated, split.place)
                told.add(size)

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
