"""What a tensor that was never computed is said to hold, for a script that asks: ``.item()``, ``if``, ``.numpy()``.

Every fake tensor is said to hold one value everywhere: 0.5, 1 or true, by its type. Where it is known better, what is
known is carried along: nothing is NaN or infinite, an index is 0, so that it is inside whatever it indexes, and what is
compared is compared. A number that is read, such as a loss, is a little lower at each reading, as in a training that
goes on. Invariant: a tensor that was read once holds what was answered.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

Value = float | int | bool | complex

INDEX_FIRST = {"argmax", "argmin", "argsort", "multinomial", "nonzero", "searchsorted", "bucketize"}
"""Operations that return indices, and below those that return them second."""
INDEX_SECOND = {"topk", "sort", "max", "min", "kthvalue", "mode", "median", "cummax", "cummin"}

_FOLDS: dict[str, Callable[[Sequence[Any]], Value]] = {
    "any": any,
    "all": all,
    "max": max,
    "min": min,
    "logical_not": lambda values: not values[0],
    "bitwise_not": lambda values: not values[0],
    "logical_or": any,
    "bitwise_or": any,
    "logical_and": all,
    "bitwise_and": all,
}
"""What comes out of operations on values that are known."""

_COMPARISONS = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq,
                "ne": operator.ne}  # fmt: skip

_CARRIES = {
    "view", "_unsafe_view", "reshape", "expand", "clone", "detach", "_to_copy", "alias", "select", "slice", "squeeze",
    "unsqueeze", "permute", "transpose", "t", "lift_fresh", "index", "cat", "stack", "gather", "index_select",
    "_reshape_alias",
}  # fmt: skip
"""Operations that only move values about."""


def answer(tensor: Any, readings: int) -> Value:
    """The value of a tensor that is read; ``readings`` counts what was read before."""
    if tensor.dtype.is_floating_point and not hasattr(tensor, "_said_to_hold"):
        tensor._said_to_hold = 0.5 + 0.4 / (1 + readings)
    return held(tensor)


def held(tensor: Any) -> Value:
    """The value that a fake tensor is said to hold, as python has it."""
    known = getattr(tensor, "_said_to_hold", None)
    dtype = tensor.dtype
    if dtype.is_complex:
        return complex(0.5 if known is None else known)
    if dtype.is_floating_point:
        return 0.5 if known is None else float(known)
    value = 1 if known is None else known
    return bool(value) if str(dtype) == "torch.bool" else int(value)


def carry(name: str, args: Sequence[Any], outputs: Sequence[Any]) -> None:
    """Note on the tensors that the operation ``name`` returned what is known of them."""
    value = _from_name(name, args)
    if value is None and (name in _CARRIES or name in _FOLDS or name == "sum"):
        value = _from_inputs(name, args)
    if value is not None and outputs:
        outputs[0]._said_to_hold = value
    if name in INDEX_SECOND and len(outputs) == 2:
        outputs[1]._said_to_hold = 0


def as_array(tensor: Any, numpy: Any) -> Any:
    """A fake tensor as numpy would show it."""
    import torch

    dtype = torch.empty(0, dtype=tensor.dtype).numpy().dtype
    return numpy.full(tuple(tensor.shape), held(tensor), dtype=dtype)


def as_list(tensor: Any) -> Any:
    """A fake tensor as nested lists."""

    def nested(shape: Sequence[int]) -> Any:
        if not shape:
            return value
        if len(shape) == 1:
            return [value] * shape[0]
        return [nested(shape[1:]) for _ in range(shape[0])]

    value = held(tensor)
    return nested(tuple(tensor.shape))


def _from_name(name: str, args: Sequence[Any]) -> Value | None:
    if name in INDEX_FIRST:
        return 0
    if name in ("isnan", "isinf"):
        return False
    if name in ("eq", "ne") and len(args) > 1:
        is_same = args[0] is args[1]
        is_infinite = isinstance(args[1], float) and args[1] in (float("inf"), float("-inf"))
        if is_same or is_infinite:  # how torch asks for NaN and for infinity
            return (name == "eq") is is_same
    if name in _COMPARISONS and len(args) > 1:
        left, right = (_number(one) for one in args[:2])
        if left is not None and right is not None:
            return bool(_COMPARISONS[name](left, right))
    return None


def _number(one: Any) -> Any:
    """What an argument holds, if that is one number."""
    if _is_fake(one):
        return None if one.dtype.is_complex else held(one)
    if hasattr(one, "dtype"):  # real: its own value, where it has one
        return one.item() if one.numel() == 1 and one.device.type == "cpu" else None
    return one if isinstance(one, (int, float)) else None


def _from_inputs(name: str, args: Sequence[Any]) -> Value | None:
    """What follows from the inputs, if every fake one of them is known."""
    tensors = [one for arg in args for one in (arg if isinstance(arg, (list, tuple)) else (arg,)) if _is_fake(one)]
    values = [getattr(one, "_said_to_hold", None) for one in tensors]
    if not values or any(value is None for value in values):
        return None
    if name == "sum":
        return values[0] * tensors[0].numel() if len(args) == 1 else None
    if name in _FOLDS:
        return _FOLDS[name](values)
    return values[0] if all(value == values[0] for value in values) else None


def _is_fake(one: Any) -> bool:
    return hasattr(one, "fake_device")
