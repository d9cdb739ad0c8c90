"""What a ``for`` loop runs over: how long it is, and how to go straight to its last item.

Wrappers that hide a length (``enumerate``, ``zip``, ``tqdm``) are looked through. A length that cannot be known is
``None``.
"""

from __future__ import annotations

import itertools
import operator
import warnings
from collections.abc import Iterator
from typing import Any

INFINITE = float("inf")


def planned_length(source: Any) -> int | None:
    """How many items a loop over ``source`` will see, or ``None``. Consumes nothing."""
    length = _length(source)
    return int(length) if length is not None and length != INFINITE else None


def _length(source: Any) -> float | None:
    if isinstance(source, (itertools.count, itertools.cycle)):
        return INFINITE
    if isinstance(source, enumerate):
        return _length(source.__reduce__()[1][0])
    if isinstance(source, zip):
        return _shortest(source.__reduce__()[1])
    if isinstance(source, map):
        return _shortest(source.__reduce__()[1][1:])
    if isinstance(source, itertools.islice):
        return _islice_length(source)
    if is_progress_bar(source):
        return source.total if source.total is not None else _length(source.iterable)
    try:
        return len(source)
    except Exception:  # noqa: BLE001  boundary: foreign __len__; a data set may refuse with any error
        hint = operator.length_hint(source, -1)
        return hint if hint >= 0 else None


def _shortest(parts: Any) -> float | None:
    lengths = [_length(part) for part in parts]
    if not lengths or any(length is None for length in lengths):
        return None
    return min(length for length in lengths if length is not None)


def _islice_length(source: Any) -> float | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inner, (_, *bounds) = source.__reduce__()[1][0], source.__reduce__()[1]
    except (TypeError, ValueError, AttributeError):
        return None  # Python 3.14 and later cannot look inside
    start, stop = (bounds[0], bounds[1]) if len(bounds) > 1 else (0, bounds[0])
    limit = stop - start if stop is not None else INFINITE
    length = _length(inner)
    return min(limit, length) if length is not None else None


def identity(source: Any) -> int | None:
    """What tells two uses of one loop apart: the data set behind a loader, or a list's length."""
    if isinstance(source, enumerate):
        return identity(source.__reduce__()[1][0])
    if isinstance(source, zip):
        return identity(next(iter(source.__reduce__()[1]), None))
    if is_progress_bar(source):
        return identity(source.iterable)
    if isinstance(source, Indexed):
        return None if isinstance(source.sequence, range) else len(source)
    dataset = getattr(source, "dataset", getattr(source, "_dataset", None))
    return id(dataset) if dataset is not None else None


def is_progress_bar(source: Any) -> bool:
    """Whether ``source`` is tqdm's bar, or something shaped like it."""
    return hasattr(source, "iterable") and hasattr(source, "total") and "tqdm" in type(source).__module__


class Indexed(Iterator):  # type: ignore[type-arg]
    """Iterates over a sequence or a range, and can jump to its last item."""

    __slots__ = ("_position", "_sequence")

    def __init__(self, sequence: Any) -> None:
        self._sequence = sequence
        self._position = 0

    @property
    def sequence(self) -> Any:
        """What is iterated over."""
        return self._sequence

    def __len__(self) -> int:
        return len(self._sequence)

    def __next__(self) -> Any:
        if self._position >= len(self._sequence):
            raise StopIteration
        item = self._sequence[self._position]
        self._position += 1
        return item

    def jump(self) -> None:
        """Make the last item the next one."""
        self._position = max(self._position, len(self._sequence) - 1)


def jumpable(source: Any) -> Any:
    """``source``, or an equal one whose iterator can jump. Only exact ranges, lists and tuples are replaced."""
    if type(source) in (range, list, tuple):
        return Indexed(source)
    if is_progress_bar(source) and type(source.iterable) in (range, list, tuple):
        source.iterable = Indexed(source.iterable)
    return source


def jump(source: Any) -> bool:
    """Make the last item of an iterator the next one; ``False`` where that cannot be done (and nothing was changed)."""
    if isinstance(source, Indexed):
        source.jump()
        return True
    if is_progress_bar(source):
        return jump(source.iterable)
    if isinstance(source, enumerate):
        return jump(source.__reduce__()[1][0])
    if isinstance(source, zip):
        parts = source.__reduce__()[1]
        return all(_can_jump(part) for part in parts) and all(jump(part) for part in parts)
    if type(source) in (type(iter([])), type(iter(()))):
        reduced = source.__reduce__()
        if len(reduced) > 2:
            source.__setstate__(len(reduced[1][0]) - 1)
            return True
    return False


def _can_jump(source: Any) -> bool:
    return isinstance(source, Indexed) or type(source) in (type(iter([])), type(iter(())))
