"""Rows as numbers: what enters a model, an estimator or a metric, as a matrix, and one 8-byte hash for each row.

Invariant: equal rows have equal hashes whatever library, number type or layout of channels they come in; nothing is
drawn and nothing of the script's is changed. What is too large, or no table of rows, is ``None``.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

MOST_ELEMENTS = 60_000_000
CHUNK_ELEMENTS = 2_000_000
CODE_BITS = 0x7FFFFF
"""Words become numbers that single precision holds exactly."""
FIRST_INPUTS = ("input_ids", "pixel_values", "inputs_embeds", "input_values", "x", "X", "inputs")
TARGETS = ("labels", "label", "y", "target", "targets")


def numpy() -> Any:
    """numpy, when the script has it."""
    return sys.modules.get("numpy")


def is_tensor(value: Any) -> bool:
    """Whether it is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_frame(value: Any) -> bool:
    """Whether it is a pandas table or column."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series))


def matrix(value: Any) -> Any:
    """The rows as a two-dimensional array of single precision; ``None`` for what has none."""
    np = numpy()
    if np is None or value is None or isinstance(value, (str, bytes, int, float)):
        return None
    try:
        return _matrix(np, value)
    except Exception:  # noqa: BLE001  boundary: a foreign container of any kind
        return None


def _matrix(np: Any, value: Any) -> Any:
    if is_tensor(value):
        array = _from_tensor(value)
    elif is_frame(value):
        array = _from_frame(np, value)
    elif hasattr(value, "toarray") and hasattr(value, "shape"):
        array = value.toarray() if value.shape[0] * value.shape[1] <= MOST_ELEMENTS else None
    else:
        array = np.asarray(value)
    if array is None or array.ndim == 0 or array.size == 0 or array.size > MOST_ELEMENTS:
        return None
    if array.dtype.kind not in "fiub":
        array = coded(np, array)
    if array.ndim == 4 and array.shape[1] in (1, 3) and min(array.shape[2:]) > 3:
        array = array.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(array.reshape(len(array), -1), dtype=np.float32)


def _from_tensor(value: Any) -> Any:
    import torch

    value = value.detach()
    if value.dtype in (torch.bfloat16, torch.float16):
        value = value.float()
    return value.cpu().numpy()


def _from_frame(np: Any, value: Any) -> Any:
    frame = value.to_frame() if value.ndim == 1 else value
    columns = [_column(np, frame.iloc[:, place]) for place in range(frame.shape[1])]
    return np.stack(columns, axis=1) if columns else None


def _column(np: Any, column: Any) -> Any:
    if getattr(column.dtype, "kind", "O") in "fiub":
        return np.asarray(column, dtype=np.float32)
    return coded(np, np.asarray(column, dtype=object))


def coded(np: Any, array: Any) -> Any:
    """Words, dates and other objects as numbers: equal ones are equal."""
    flat = [float(zlib.crc32(str(one).encode("utf-8", "replace")) & CODE_BITS) for one in array.ravel().tolist()]
    return np.asarray(flat, dtype=np.float32).reshape(array.shape)


def hashes(rows: Any) -> Any:
    """One unsigned 64-bit hash for each row of a matrix."""
    np = numpy()
    bits = (rows + np.float32(0)).view(np.uint32)  # adding zero makes -0 and 0 the same
    factors = _factors(np, bits.shape[1])
    found = np.zeros(len(bits), dtype=np.uint64)
    step = max(1, CHUNK_ELEMENTS // bits.shape[1])
    for start in range(0, len(bits), step):
        part = bits[start : start + step].astype(np.uint64)
        part ^= part >> np.uint64(16)  # round numbers have nothing in their lower bits
        found[start : start + step] = ((part + np.uint64(1)) * factors).sum(axis=1, dtype=np.uint64)
    return found


def _factors(np: Any, count: int) -> Any:
    """Odd factors for the columns, always the same."""
    with np.errstate(over="ignore"):
        mixed = (np.arange(1, count + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed | np.uint64(1)


def spread(rows: Any) -> Any:
    """How far each column scatters; 1 for one that is constant, whatever single precision makes of its deviation."""
    np = numpy()
    deviation = rows.std(axis=0, dtype=np.float64)
    constant = deviation <= 1e-6 + 1e-6 * np.abs(rows).max(axis=0)
    return np.where(constant, 1.0, deviation).astype(np.float32)


def column(value: Any) -> Any:
    """Labels as one number for each row; ``None`` for what is no single column."""
    rows = matrix(value)
    return rows[:, 0] if rows is not None and rows.shape[1] == 1 else None


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Every tensor, array or table of a batch or of arguments, with its key where it has one."""
    if isinstance(value, Mapping) or (hasattr(value, "keys") and hasattr(value, "__getitem__") and not is_frame(value)):
        for key in list(value.keys()):
            yield from ((str(key), one) for _, one in parts(value[key]))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from parts(one)
    elif is_tensor(value) or is_frame(value) or type(value).__name__ == "ndarray":
        yield from [("", value)] if getattr(value, "ndim", 0) >= 1 else ()


def first_input(found: list[tuple[str, Any]]) -> Any:
    """Of the parts of a batch, the one that holds the inputs."""
    for name in FIRST_INPUTS:
        for key, value in found:
            if key == name:
                return value
    return found[0][1] if found else None


def first_target(found: list[tuple[str, Any]]) -> Any:
    """Of the parts of a batch, the one that holds the labels: by name, or the last one of a pair."""
    for name in TARGETS:
        for key, value in found:
            if key == name:
                return value
    return found[1][1] if len(found) == 2 and not found[0][0] else None
