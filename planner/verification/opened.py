"""Sealed labels held against the predictions of a run: the one place where they are read.

Invariant: the metric and the number to reach stand before the labels are opened, each opening is an event, and a
confirmation opens them once. The values are reports of the harness, not metrics that the script told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...runtime import seal
from ...store import Store
from ...store.labels import SealedLabels
from ...store.records import Json, Run
from .predictions import Predictions, PredictionsError, definitions, read_columns

SEALED = "sealed/"
"""What the name of a metric begins with that the harness computes from sealed labels."""
REPORT = "opened_labels"
OPENED = "labels.opened"


class LabelsError(ValueError):
    """Labels that cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Value:
    """What the harness computed of one run; ``None`` with why where it could not."""

    value: float | None
    why: str | None = None

    def to_json(self, metric: str, labels: SealedLabels) -> Json:
        """For the run's record."""
        return {"metric": metric, "value": self.value, "why": self.why, "labels": labels.id, "sha256": labels.sha256}


def is_sealed(metric: str) -> bool:
    """Whether a metric is one that only the harness computes."""
    return metric.startswith(SEALED)


def read_labels(path: Path) -> dict[str, str]:
    """Labels by row id. Raises :class:`LabelsError`."""
    try:
        rows = read_columns(path, label_only=True)
    except PredictionsError as error:
        raise LabelsError(f"{path} is no file of labels: {error}. Give a CSV with the columns id and label") from error
    labels = dict(rows)
    if len(labels) < len(rows):
        raise LabelsError(f"{path} has {len(rows) - len(labels)} ids twice: each row has one label")
    return labels


def measures(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The metrics that can be claimed of such labels."""
    same = tuple(labels.values())
    return tuple(definitions(Predictions(tuple(labels), same, same)))


def values(runs: Iterable[Run], store: Store, labels: SealedLabels, metric: str) -> dict[int, Value]:
    """Open the labels, and compute the metric of each run from the predictions that were kept of it."""
    if seal.file_hash(labels.path) != labels.sha256:
        return {run.id: Value(None, f"{labels.path} is not what was sealed") for run in runs}
    truth = read_labels(labels.path)
    return {run.id: _value(store, run, truth, metric) for run in runs}


def told(store: Store, run: Run, metric: str) -> float | None:
    """The value that the harness computed of a run."""
    report = store.reports.get(run.id, REPORT)
    return None if report is None or report["metric"] != metric else report["value"]


def openings(store: Store, labels: SealedLabels) -> int:
    """How often these labels were opened."""
    experiments = store.experiments.for_script(labels.script)
    events = (event for one in experiments for event in store.events.of_experiment(OPENED, one.id))
    return sum(1 for event in events if event.data["labels"] == labels.id)


def _value(store: Store, run: Run, truth: Mapping[str, str], metric: str) -> Value:
    held = seal.sealed(store, run.id) or {}
    why = "it wrote no predictions: a file named predictions….csv with the columns id and prediction"
    for kept in held.get("predictions", ()):
        path = run.folder / seal.PREDICTIONS / str(kept["copy"])
        if seal.file_hash(path) != kept["sha256"]:
            return Value(None, f"{path} was changed after the run")
        try:
            guesses = read_columns(path)
        except PredictionsError as error:
            why = f"{kept['path']}: {error}"
            continue
        found = _joined(guesses, truth)
        if isinstance(found, str):
            why = f"{kept['path']}: {found}"
            continue
        computed = definitions(found).get(metric.removeprefix(SEALED))
        return Value(computed, None if computed is not None else f"no {metric} follows from such labels")
    return Value(None, why)


def _joined(guesses: list[tuple[str, str]], truth: Mapping[str, str]) -> Predictions | str:
    """Every sealed row with its one prediction, or why that cannot be: rows that are left out are no evaluation."""
    by_id = dict(guesses)
    if len(by_id) < len(guesses):
        return f"{len(guesses) - len(by_id)} rows are predicted twice"
    missing = truth.keys() - by_id.keys()
    if missing:
        return f"{len(missing)} of {len(truth)} sealed rows have no prediction"
    return Predictions(tuple(truth), tuple(truth.values()), tuple(by_id[name] for name in truth))
