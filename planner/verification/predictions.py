"""A file of predictions, and the metrics that follow from it.

Each row is one evaluated row: its ``id``, its ``label`` and the ``prediction``; ``.csv`` with a header, or ``.jsonl``.
Invariant: the file is foreign data: read up to a bound, never executed; what is not surely understood is an error.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

ID = ("id", "row_id", "sample_id", "index")
LABEL = ("label", "target", "y_true", "truth", "y")
PREDICTION = ("prediction", "predicted", "pred", "y_pred")
MOST_ROWS = 2_000_000


class PredictionsError(ValueError):
    """A file that is none of predictions; the text says why."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """The rows, in the order of the file."""

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    predictions: tuple[str, ...]

    @property
    def repeated(self) -> int:
        """How many rows have an id that stood there before."""
        return len(self.ids) - len(set(self.ids))


def read(path: Path) -> Predictions:
    """Read a file of predictions. Raises :class:`PredictionsError`."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            rows = _json_rows(file) if path.suffix == ".jsonl" else csv.DictReader(file)
            return _read(iter(rows))
    except OSError as error:
        raise PredictionsError(f"it cannot be read: {error.strerror}") from error
    except (csv.Error, ValueError, RecursionError) as error:
        raise PredictionsError(str(error)[:200]) from error


def read_columns(path: Path, *, label_only: bool = False) -> list[tuple[str, str]]:
    """Pairs of id and prediction of a file without labels, or of id and label. Raises :class:`PredictionsError`."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            rows = _json_rows(file) if path.suffix == ".jsonl" else csv.DictReader(file)
            found = _columns(iter(rows), (ID, LABEL if label_only else PREDICTION))
    except OSError as error:
        raise PredictionsError(f"it cannot be read: {error.strerror}") from error
    except (csv.Error, RecursionError) as error:
        raise PredictionsError(str(error)[:200]) from error
    return [(one, other) for one, other in found]


def _read(rows: Iterator[Mapping[str, Any]]) -> Predictions:
    return Predictions(*(tuple(one) for one in zip(*_columns(rows, (ID, LABEL, PREDICTION)), strict=True)))


def _columns(rows: Iterator[Mapping[str, Any]], wanted: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The values of the wanted columns, each by its names, row by row."""
    columns: tuple[str, ...] | None = None
    found: list[tuple[str, ...]] = []
    for row in rows:
        if columns is None:
            columns = tuple(_column(row, names) for names in wanted)
        values = [row.get(name) for name in columns]
        if any(value is None for value in values):
            raise PredictionsError(f"row {len(found) + 1} is not whole")
        found.append((str(values[0]), *(str(value).strip() for value in values[1:])))
        if len(found) > MOST_ROWS:
            raise PredictionsError(f"it has more than {MOST_ROWS} rows")
    if not found:
        raise PredictionsError("it has no rows")
    return found


def _column(row: Mapping[str, Any], names: Sequence[str]) -> str:
    by_lower = {str(name).strip().lower(): name for name in row}
    for name in names:
        if name in by_lower:
            return by_lower[name]
    raise PredictionsError(f"it has no column {names[0]} (or {', '.join(names[1:])})")


def _json_rows(lines: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise PredictionsError("a line is no JSON object")
            yield row


# --- metrics --------------------------------------------------------------------------------------------------------


def definitions(one: Predictions) -> dict[str, float]:
    """Every metric that follows from the rows, by the name of its definition."""
    numbers = _numbers(one)
    classes = sorted(set(one.labels) | set(one.predictions))
    found: dict[str, float] = {}
    if len(classes) <= max(100, math.isqrt(len(one.ids))):
        found |= _classification(one, classes)
    if numbers is not None:
        found |= _regression(*numbers)
    return found


def _classification(one: Predictions, classes: Sequence[str]) -> dict[str, float]:
    pairs = Counter(zip(one.labels, one.predictions, strict=True))
    labels, guesses = Counter(one.labels), Counter(one.predictions)
    total = len(one.ids)
    accuracy = sum(pairs[name, name] for name in classes) / total
    scores = {name: _scores(pairs[name, name], labels[name], guesses[name]) for name in classes}
    found = {"accuracy": accuracy, "error": 1 - accuracy}
    found["balanced accuracy"] = _mean([scores[name][1] for name in classes if labels[name]])
    for place, measure in enumerate(("precision", "recall", "f1")):
        found[f"macro {measure}"] = _mean([scores[name][place] for name in classes])
        found[f"weighted {measure}"] = sum(scores[name][place] * labels[name] for name in classes) / total
        found[f"micro {measure}"] = accuracy
        if len(classes) == 2:
            found[f"binary {measure}"] = scores[classes[-1]][place]
    return found


def _scores(hits: int, labels: int, guesses: int) -> tuple[float, float, float]:
    """Precision, recall and F1 of one class; 0 where nothing is divided by."""
    precision, recall = hits / guesses if guesses else 0.0, hits / labels if labels else 0.0
    return precision, recall, 2 * hits / (labels + guesses) if labels + guesses else 0.0


def _regression(labels: Sequence[float], guesses: Sequence[float]) -> dict[str, float]:
    errors = [guess - label for label, guess in zip(labels, guesses, strict=True)]
    mse, middle = _mean([error * error for error in errors]), _mean(labels)
    spread = _mean([(label - middle) ** 2 for label in labels])
    found = {"mse": mse, "rmse": math.sqrt(mse), "mae": _mean([abs(error) for error in errors])}
    return found | ({"r2": 1 - mse / spread} if spread > 0 else {})


def _numbers(one: Predictions) -> tuple[list[float], list[float]] | None:
    try:
        numbers = [float(text) for text in one.labels], [float(text) for text in one.predictions]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, [*numbers[0], *numbers[1]])) else None


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


_SHORT: Mapping[str, str] = MappingProxyType({"acc": "accuracy", "err": "error"})


def fitting(measure: str) -> Callable[[str], bool]:
    """Whether a definition is one of a measure: ``macro f1`` of ``f1``, and ``balanced accuracy`` of no accuracy."""
    wanted = _SHORT.get(measure, measure)
    if wanted in ("f1", "precision", "recall"):
        return lambda definition: definition.endswith(f" {wanted}")
    return lambda definition: definition == wanted


def agrees(computed: float, told: float) -> bool:
    """Whether a told number is the computed one, rounded to as many places as it was told with."""
    _, point, places = repr(told).partition(".")
    if "e" in places or not point:
        return math.isclose(computed, told, rel_tol=1e-6, abs_tol=1e-12)
    return abs(computed - told) <= 0.5 * 10.0 ** -len(places) * (1 + 1e-6) + 1e-9
