"""The rows behind a data loader: found without asking a data set for its items wherever that can be.

Items may be drawn at random (augmentation); the arrays that a data set keeps are the same in every pass, so two data
sets over the same arrays are seen to share rows whatever is done to each row later.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from .rows import first_input, first_target, is_tensor, matrix, numpy, parts

MOST_ITEMS = 200_000
ITEM_SECONDS = 2.0
MOST_DEPTH = 6


def rows_of(dataset: Any, depth: int = 0) -> tuple[Any, Any] | None:
    """The matrix and the labels (or ``None``) of all of a map-style data set's rows; ``None`` where it hides them."""
    np = numpy()
    inner = getattr(dataset, "dataset", None)
    indices = getattr(dataset, "indices", None)
    if depth < MOST_DEPTH and inner is not None and indices is not None:
        found = rows_of(inner, depth + 1)
        places = np.asarray(list(indices), dtype=np.int64)
        return None if found is None else (found[0][places], None if found[1] is None else found[1][places])
    members = getattr(dataset, "datasets", None)
    if depth < MOST_DEPTH and isinstance(members, (list, tuple)) and members:
        return _joined(np, [rows_of(one, depth + 1) for one in members])
    return _arrays(dataset) or _items(np, dataset)


def _joined(np: Any, found: list[Any]) -> tuple[Any, Any] | None:
    if any(one is None for one in found) or len({one[0].shape[1] for one in found}) != 1:
        return None
    labels = [one[1] for one in found]
    return np.concatenate([one[0] for one in found]), (
        None if any(one is None for one in labels) else np.concatenate(labels)
    )


def _arrays(dataset: Any) -> tuple[Any, Any] | None:
    """The arrays that a data set keeps, one row for each of its items."""
    try:
        count = len(dataset)
        kept = getattr(dataset, "tensors", None) or list(vars(dataset).values())
        found = [one for _, one in parts(list(kept)) if len(one) == count]
    except Exception:  # noqa: BLE001  boundary: a foreign data set
        return None
    tables = [table for table in map(matrix, found) if table is not None]
    inputs = max(tables, key=lambda table: int(table.shape[1]), default=None)
    if inputs is None or inputs.shape[1] < 2:
        return None
    columns = [table[:, 0] for table in tables if table.shape[1] == 1]
    return inputs, (columns[0] if len(columns) == 1 else None)


def _items(np: Any, dataset: Any) -> tuple[Any, Any] | None:
    """The items themselves, where all can be had in time."""
    inputs, labels = [], []
    deadline = time.monotonic() + ITEM_SECONDS
    try:
        count = len(dataset)
        if count > MOST_ITEMS:
            return None
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            for place in range(count):
                if time.monotonic() > deadline:
                    return None
                found = list(parts([_as_array(np, one) for one in _pieces(dataset[place])]))
                inputs.append(np.asarray(matrix(first_input(found))).ravel())
                labels.append(first_target(found))
    except Exception:  # noqa: BLE001  boundary: a foreign data set
        return None
    if not inputs or len({one.size for one in inputs}) != 1:
        return None
    told = [None if one is None or one.size != 1 else float(one.reshape(-1)[0]) for one in map(_plain, labels)]
    return np.stack(inputs), (None if any(one is None for one in told) else np.asarray(told, dtype=np.float32))


def _pieces(item: Any) -> list[Any]:
    if hasattr(item, "values") and hasattr(item, "keys"):
        return [{key: one} for key, one in item.items()]
    return list(item) if isinstance(item, (list, tuple)) else [item]


def _as_array(np: Any, piece: Any) -> Any:
    if isinstance(piece, dict):
        return {key: _as_array(np, one) for key, one in piece.items()}
    array = piece if is_tensor(piece) else np.asarray(piece)
    return array.reshape(1) if array.ndim == 0 else array


def _plain(value: Any) -> Any:
    rows = matrix(value)
    return None if rows is None else rows
