"""A first look at NumPy files. Pickled objects are never loaded.

Invariant: arrays are read by slices spread over them, at most ``MOST_VALUES`` values each.
"""

from __future__ import annotations

import math
import tokenize
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .report import Array, Count, DataReport, UnreadableDataError

if TYPE_CHECKING:
    import numpy

MOST_VALUES = 2_000_000
MOST_ARCHIVE_BYTES = 2 << 30
"""An archive is unpacked array by array; a larger one is told by its shapes alone."""
LABEL_ARRAYS = ("y", "labels", "label", "targets", "target", "y_train", "train_labels")
_BROKEN = (
    ValueError, TypeError, SyntaxError, KeyError, OSError, EOFError, OverflowError, MemoryError, RuntimeError,
    NotImplementedError, zipfile.BadZipFile, zlib.error, tokenize.TokenError,
)  # fmt: skip
"""What NumPy and zipfile raise on files that were cut, changed or never meant for them."""
INPUT_ARRAYS = ("x", "images", "image", "data", "x_train", "train_images")


def look(path: Path) -> DataReport:
    """A report on an ``.npy`` or ``.npz`` file."""
    try:
        with warnings.catch_warnings(action="ignore"):  # NumPy's own, on files of old versions and on large numbers
            return _report(path, _load(path))
    except _BROKEN as error:
        raise UnreadableDataError(
            f"{path} cannot be read as NumPy: {error}.", "Save plain numbers; pickled objects are never loaded."
        ) from error


def _load(path: Path) -> dict[str, numpy.ndarray[Any, Any]]:
    import numpy

    if path.suffix.lower() == ".npy":
        return {path.stem: numpy.load(path, mmap_mode="r", allow_pickle=False)}
    _refuse_too_large(path)
    with numpy.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _refuse_too_large(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MOST_ARCHIVE_BYTES:
        raise ValueError(f"it unpacks to {unpacked} bytes, and at most {MOST_ARCHIVE_BYTES} are unpacked for a look")


def _report(path: Path, arrays: dict[str, numpy.ndarray[Any, Any]]) -> DataReport:
    lengths = {len(array) for array in arrays.values() if array.ndim}
    rows = max(lengths, default=0)
    label = next((name for name in arrays if name.lower() in LABEL_ARRAYS), None)
    classes = _classes(arrays[label]) if label is not None else ()
    sampled = [name for name, array in arrays.items() if array.size > MOST_VALUES]
    return DataReport(
        path=str(path),
        form="NumPy",
        size_bytes=path.stat().st_size,
        rows=rows,
        rows_read=rows,
        arrays=tuple(_array(name, array) for name, array in arrays.items()),
        classes=classes,
        duplicates=_duplicates(arrays),
        sampled=f"values of {', '.join(sampled)} at evenly spread rows" if sampled else None,
        warnings=tuple(_warnings(arrays, lengths, classes)),
    )


def _sample(array: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    import numpy

    if array.size <= MOST_VALUES or not array.ndim:
        return numpy.asarray(array)
    each = max(1, array.size // len(array))
    return numpy.asarray(array[:: max(1, len(array) // max(1, MOST_VALUES // each))])


def _array(name: str, array: numpy.ndarray[Any, Any]) -> Array:
    import numpy

    shape, dtype = tuple(int(side) for side in array.shape), str(array.dtype)
    values = _sample(array)
    if values.dtype.kind not in "biuf" or not values.size:
        return Array(name, shape, dtype, None, None, None, None)
    numbers = values.astype(numpy.float64)
    finite = numbers[numpy.isfinite(numbers)]
    bad = int(numbers.size - finite.size)
    if not finite.size:
        return Array(name, shape, dtype, None, None, None, bad)
    mean = float(finite.mean())
    return Array(
        name, shape, dtype, float(finite.min()), mean if math.isfinite(mean) else None, float(finite.max()), bad
    )


def _classes(labels: numpy.ndarray[Any, Any]) -> tuple[Count, ...]:
    values = _sample(labels).reshape(-1)
    if values.dtype.kind not in "biuUS":
        return ()
    counted = Counter(str(value) for value in values.tolist())
    return tuple(Count(value, count) for value, count in counted.most_common(100)) if len(counted) <= 1000 else ()


def _duplicates(arrays: dict[str, numpy.ndarray[Any, Any]]) -> int | None:
    inputs = next((arrays[name] for name in arrays if name.lower() in INPUT_ARRAYS), None)
    if inputs is None and len(arrays) == 1:
        inputs = next(iter(arrays.values()))
    if inputs is None or inputs.ndim < 2 or inputs.size > MOST_VALUES:
        return None
    rows = [row.tobytes() for row in inputs]
    return len(rows) - len(set(rows))


def _warnings(
    arrays: dict[str, numpy.ndarray[Any, Any]], lengths: set[int], classes: tuple[Count, ...]
) -> Iterator[str]:
    if len(lengths) > 1:
        yield f"the arrays have different lengths: {', '.join(map(str, sorted(lengths)))}"
    for name, array in arrays.items():
        told = _array(name, array)
        if told.not_finite:
            yield f"array “{name}” has {told.not_finite} values that are not finite"
        if told.low is not None and told.low == told.high:
            yield f"array “{name}” has one value only"
    if classes and len(classes) > 1 and classes[-1].count < 0.05 * sum(one.count for one in classes):
        yield f"class “{classes[-1].value}” has {classes[-1].count} rows: accuracy alone would tell little"
