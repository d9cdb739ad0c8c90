"""Questions about sets of rows: which split they are of, whether they overlap, what a reduction goes over.

Invariant: an answer that is not certain is the one that raises no alarm.
"""

from __future__ import annotations

from collections.abc import Iterable

from .values import TEST, VALIDATION, Rows, Value, gathered


def positions(args: Iterable[Value]) -> Value:
    """An index over the rows that are counted."""
    return Value(rows=frozenset().union(*(value.counts for value in args)), marks=frozenset({"index"}))


def whole_rows(args: Iterable[Value]) -> bool:
    """Whether any of these holds rows."""
    return bool(gathered(args).rows)


def over_rows(axis: Value) -> bool:
    """Whether a reduction along this axis goes over the rows; an axis that is not known does not, to raise no alarm."""
    if axis.items is not None:
        return any(item.const == 0 for item in axis.items.values())
    return axis.const is None or (axis.const == 0 and axis.const is not False)


def overlap(some: Iterable[Rows], others: Iterable[Rows]) -> list[Rows]:
    """Rows that two values share, as far as it is certain."""
    return [
        max(one, other, key=lambda rows: len(list(rows.line())))
        for one in some
        for other in others
        if not one.is_noise and (one in other.line() or other in one.line())
    ]


def is_test(rows: Rows) -> bool:
    """Whether the code calls these rows the test split."""
    return rows.split.role == TEST and rows.inside_of_training is None


def is_validation(rows: Rows) -> bool:
    """Whether the code calls these rows the validation split."""
    return rows.split.role == VALIDATION
