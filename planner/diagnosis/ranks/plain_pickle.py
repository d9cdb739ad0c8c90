"""Read a pickle that holds plain values, without unpickling it.

A pickle is a program. This runs only those of its instructions that build dictionaries, lists, tuples, texts and
numbers; any other, and any that names something to import or to call, ends the reading. Source: the table of
``pickletools``.

Invariant: nothing is imported, called or constructed on the pickle's word, and memory stays within a small multiple of
its size.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from typing import Any

MOST_BYTES = 64 << 20


class NotPlainError(ValueError):
    """The bytes are no pickle of plain values; the text says what was met."""


_MARK = object()
_PUSHED = frozenset(
    (
        "BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
        "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
        "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "STRING", "BINSTRING", "SHORT_BINSTRING",
    )
)  # fmt: skip
"""Instructions whose argument is the value."""
_MADE: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "MARK": lambda: _MARK,
}  # fmt: skip
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def loads(data: bytes) -> object:
    """The value. Raises :class:`NotPlainError`."""
    if len(data) > MOST_BYTES:
        raise NotPlainError(f"it is longer than {MOST_BYTES >> 20} MiB")
    try:
        return _run(data)
    except NotPlainError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as problem:
        raise NotPlainError(f"it is damaged ({type(problem).__name__})") from problem


def _run(data: bytes) -> object:
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for instruction, argument, _ in pickletools.genops(data):
        name = instruction.name
        if name in _PUSHED:
            stack.append(argument)
        elif name in _MADE:
            stack.append(_MADE[name]())
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[int(argument or 0)] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[int(argument or 0)])
        elif name in _TUPLES:
            stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
        elif name == "STOP":
            (value,) = stack
            return value
        elif name not in ("PROTO", "FRAME"):
            _gather(name, stack)
    raise NotPlainError("it does not come to its end")


def _gather(name: str, stack: list[Any]) -> None:
    """Instructions that put what was gathered into a container."""
    if name == "APPEND":
        value = stack.pop()
        _list(stack[-1]).append(value)
    elif name == "SETITEM":
        value, key = stack.pop(), stack.pop()
        _dict(stack[-1])[key] = value
    elif name in ("APPENDS", "SETITEMS", "TUPLE", "LIST", "DICT"):
        items = _since_mark(stack)
        if name == "APPENDS":
            _list(stack[-1]).extend(items)
        elif name == "TUPLE":
            stack.append(tuple(items))
        elif name == "LIST":
            stack.append(items)
        else:
            pairs = zip(items[::2], items[1::2], strict=True)
            if name == "DICT":
                stack.append(dict(pairs))
            else:
                _dict(stack[-1]).update(pairs)
    else:
        raise NotPlainError(f"it holds an instruction that plain values do not need ({name})")


def _since_mark(stack: list[Any]) -> list[Any]:
    at = len(stack) - 1
    while stack[at] is not _MARK:
        at -= 1
        if at < 0:
            raise NotPlainError("it is damaged (no mark)")
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _list(value: object) -> list[Any]:
    if type(value) is not list:
        raise NotPlainError("it is damaged (no list)")
    return value


def _dict(value: object) -> dict[Any, Any]:
    if type(value) is not dict:
        raise NotPlainError("it is damaged (no dictionary)")
    return value
