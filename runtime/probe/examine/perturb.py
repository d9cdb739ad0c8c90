"""Raw data with some of its rows changed: their numbers, or only their labels; or with labels drawn anew.

Invariant: the shapes, types, missing values and every other row stay; what was given is not changed but copied.
"""

from __future__ import annotations

import copy
from typing import Any

from .rows import is_frame, numpy

LABELS = ("target", "label", "labels", "y", "class", "outcome", "survived", "species", "diagnosis")


def rows_in(raw: Any) -> int | None:
    """How many rows raw data has; ``None`` for what is no table."""
    for _, one in _tables(raw):
        return int(one.shape[0])
    return None


def inputs_of(raw: Any) -> Any:
    """The table of the raw inputs."""
    return next((one for _, one in _tables(raw) if one.ndim >= 2), None)


def labels_of(raw: Any) -> Any:
    """The column of the raw labels, where the inputs stand apart from it."""
    return next((one for _, one in _tables(raw) if one.ndim == 1), None)


def perturbed(raw: Any, places: Any, what: str, target: str | None = None) -> Any:
    """The same data with other ``values`` or ``labels`` in the rows at ``places``, or with all labels ``shuffled``.

    ``target`` is the name of a table's label column, where it is known.
    """
    if isinstance(raw, tuple):
        return tuple(_changed(one, places, what) for one in raw)
    if isinstance(raw, dict):
        changed = copy.copy(raw)
        for name, one in _tables(raw):
            changed[name] = _changed(one, places, what)
        return changed
    return _changed_frame(raw, places, what, target) if is_frame(raw) else _changed(raw, places, what)


def _tables(raw: Any) -> list[tuple[Any, Any]]:
    named = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, tuple) else [(0, raw)]
    found = [(name, one) for name, one in named if is_frame(one) or type(one).__name__ == "ndarray"]
    found = [(name, one) for name, one in found if one.ndim >= 1 and one.shape[0] > 1]
    most = max((int(one.shape[0]) for _, one in found), default=0)
    return [(name, one) for name, one in found if one.shape[0] == most]


def _changed(table: Any, places: Any, what: str) -> Any:
    if is_frame(table):
        return _changed_frame(table, places, what)
    np = numpy()
    if type(table).__name__ != "ndarray" or table.ndim == 0 or len(table) <= int(max(places)):
        return table
    if (table.ndim == 1) != (what != "values"):
        return table
    return _other(np, table, places) if what == "values" else _mixed(np, table, places, what)


def _changed_frame(frame: Any, places: Any, what: str, target: str | None = None) -> Any:
    np, changed = numpy(), frame.copy()
    if frame.ndim == 1:
        if what != "values" and len(frame) > int(max(places)):
            changed.iloc[:] = _mixed(np, frame.to_numpy(), places, what)
        return changed
    names = list(frame.columns)
    labels = [place for place, name in enumerate(names) if target == str(name)]
    labels = labels or [place for place, name in enumerate(names) if str(name).lower() in LABELS]
    for place in range(len(names)):
        column = frame.iloc[:, place]
        if (place in labels) != (what != "values") or column.dtype.kind not in "fiuOb":
            continue
        values = column.to_numpy()
        if what != "values":
            changed.isetitem(place, _mixed(np, values, places, what))
        elif column.dtype.kind == "f":
            changed.isetitem(place, _other(np, values, places))
    return changed


def _other(np: Any, values: Any, places: Any) -> Any:
    """Scaled and shifted numbers; whole numbers all become those of the first row, so that they stay in range."""
    changed = values.copy()
    if values.dtype.kind == "f":
        spread = float(np.nanstd(values)) or 1.0
        changed[places] = values[places] * 1.37 + 0.73 * spread
    elif values.dtype.kind in "iu":
        changed[places] = values[places[0]]
    return changed


def _mixed(np: Any, values: Any, places: Any, what: str) -> Any:
    if what == "labels":
        return _rolled(np, values, places)
    return values[np.random.default_rng(len(values)).permutation(len(values))]


def _rolled(np: Any, values: Any, places: Any) -> Any:
    """The same labels on other rows."""
    changed = values.copy()
    order = np.argsort(np.asarray(values[places], dtype=str), kind="stable")
    mixed = values[places][order]
    changed[np.asarray(places)[order]] = np.roll(mixed, max(1, len(mixed) // 3))
    return changed
