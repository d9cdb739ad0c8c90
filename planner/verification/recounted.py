"""Metrics counted again from the predictions that a script wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...runtime import seal
from ...store import Store
from ...store.records import Json, Metric, Run
from . import metric_names
from .checked import Checked, could_not, differs, matches
from .predictions import Predictions, PredictionsError, agrees, definitions, fitting, read

METRIC = "metric"


def kept_files(store: Store, run: Run) -> tuple[tuple[Path, str], ...]:
    """The run's copies of the files of predictions, each with the path that the script wrote."""
    held: Json = seal.sealed(store, run.id) or {}
    return tuple(
        (run.folder / seal.PREDICTIONS / str(one["copy"]), str(one["path"])) for one in held.get("predictions", ())
    )


def check_predictions(store: Store, run: Run) -> Iterator[Checked]:
    """For each printed metric of an evaluation: whether some file of predictions gives it, and by which definition."""
    last = [one for name, one in store.metrics.last(run.id).items() if metric_names.is_of_evaluation(name)]
    files = kept_files(store, run)
    if not files:
        if last:
            yield could_not(METRIC, "the script wrote no predictions with row ids and labels: it alone computed it")
        return
    read_files = []
    for copy, path in files:
        try:
            read_files.append((path, read(copy)))
        except PredictionsError as error:
            yield could_not(METRIC, f"{path} is no file of predictions: {error}")
    for path, one in read_files:
        if one.repeated:
            yield differs(METRIC, f"the row ids of {path}", f"{one.repeated} rows have an id that stood there before")
    for metric in last:
        yield _recount(metric, [(path, one) for path, one in read_files if _may_be_of(metric.name, path)])


def _may_be_of(name: str, path: str) -> bool:
    """A file whose name tells its split holds no rows of another."""
    own, others = metric_names.split(name), metric_names.split(Path(path).stem)
    return own is None or others is None or own == others


def _recount(metric: Metric, files: list[tuple[str, Predictions]]) -> Checked:
    shown = metric.name.removeprefix("printed/")
    measure = metric_names.measure(metric.name) or ""
    values = [(path, name, value) for path, one in files for name, value in definitions(one).items()]
    candidates = [one for one in values if fitting(measure)(one[1])]
    if not candidates:
        return replace(could_not(METRIC, f"{shown}: no predictions that it follows from"), metric=metric.name)
    for path, name, value in candidates:
        if agrees(value, metric.value):
            found = matches(METRIC, f"{shown} with {path}", f"{name} gives {value:.6g}, told was {metric.value:.6g}")
            return replace(found, metric=metric.name, definition=name)
    path, name, value = candidates[0]
    instead = next((other for where, other, number in values if agrees(number, metric.value)), None)
    said = f"{name} gives {value:.6g}, told was {metric.value:.6g}" + (f", which is the {instead}" if instead else "")
    return replace(differs(METRIC, f"{shown} with {path}", said), metric=metric.name, definition=instead)
