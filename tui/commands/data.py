"""`mlintern data`: a first look at a data set, before anything is trained on it."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...planner.datasets.look import look
from ...planner.datasets.report import Array, Column, Count, DataReport, UnreadableDataError
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..text import clean
from ..units import size

_MOST_SHOWN = 40
"""Columns, arrays and classes in the lines for a person; the JSON has all."""


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Look, and print the report."""
    output.draw(lambda: f"looking at {options.path} …")
    try:
        report = look(Path(options.path), label=options.target)
    except UnreadableDataError as error:
        raise CommandError("data", str(error), error.hint) from error
    if options.target is not None and report.columns and report.column(options.target) is None:
        names = ", ".join(one.name for one in report.columns[:12])
        raise CommandError("usage", f"There is no column “{options.target}”.", f"There are {names}.")
    output.erase()
    output.object(_content(report))
    output.lines(_lines(report))
    return ExitCode.DONE


def _content(report: DataReport) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "path": clean(report.path),
        "form": report.form,
        "size_bytes": report.size_bytes,
        "rows": report.rows,
        "rows_read": report.rows_read,
        "sampled": None if report.sampled is None else clean(report.sampled),
        "columns": [_column(one) for one in report.columns],
        "arrays": [_array(one) for one in report.arrays],
        "classes": _counts(report.classes),
        "splits": _counts(report.splits),
        "duplicates": report.duplicates,
        "examples": [clean(one) for one in report.examples],
        "warnings": [clean(one) for one in report.warnings],
    }


def _column(one: Column) -> dict[str, Any]:
    return {
        "name": clean(one.name),
        "type": str(one.type),
        "role": None if one.role is None else str(one.role),
        "missing": one.missing,
        "distinct": one.distinct,
        "low": one.low,
        "mean": one.mean,
        "high": one.high,
        "common": _counts(one.common),
        "examples": [clean(text) for text in one.examples],
    }


def _array(one: Array) -> dict[str, Any]:
    numbers = {"low": one.low, "mean": one.mean, "high": one.high, "not_finite": one.not_finite}
    return {"name": clean(one.name), "shape": list(one.shape), "dtype": one.dtype, **numbers}


def _counts(counts: Sequence[Count]) -> list[dict[str, Any]]:
    return [{"value": clean(one.value), "count": one.count} for one in counts]


def _lines(report: DataReport) -> Iterator[str]:
    rows = f"{report.rows} rows" if report.rows is not None else f"more than {report.rows_read} rows"
    yield clean(f"{report.path}: {report.form}, {rows}, {size(report.size_bytes)}")
    if report.sampled:
        yield clean(f"looked at: {report.sampled}")
    for column in report.columns[:_MOST_SHOWN]:
        yield clean(f"column {column.name}: {_column_words(column)}")
    for array in report.arrays[:_MOST_SHOWN]:
        yield clean(f"array {array.name}: {_array_words(array)}")
    left = max(len(report.columns), len(report.arrays)) - _MOST_SHOWN
    if left > 0:
        yield f"and {left} more; --json has all"
    if report.classes:
        yield clean(f"classes: {_shares(report.classes)}")
    if report.splits:
        yield clean(f"splits: {_shares(report.splits)}")
    yield f"rows that repeat an earlier one: {'unknown' if report.duplicates is None else report.duplicates}"
    yield from (clean(f"example: {one}") for one in report.examples)
    yield from (clean(f"warning: {one}") for one in report.warnings)


def _column_words(column: Column) -> str:
    parts = [str(column.type)]
    if column.role is not None:
        parts.append(f"looks like the {column.role}")
    parts.append(f"{column.distinct} distinct")
    if column.missing:
        parts.append(f"{column.missing} missing")
    if column.low is not None and column.high is not None and column.mean is not None:
        parts.append(f"{column.low:g} to {column.high:g}, mean {column.mean:.4g}")
    elif column.common:
        parts.append(", ".join(f"{one.value} ({one.count})" for one in column.common[:5]))
    elif column.examples:
        parts.append(f"such as {column.examples[0]}")
    return "; ".join(parts)


def _array_words(array: Array) -> str:
    shape = " x ".join("?" if side is None else str(side) for side in array.shape) or "one value"
    parts = [f"{shape}, {array.dtype}"]
    if array.low is not None and array.high is not None and array.mean is not None:
        parts.append(f"{array.low:g} to {array.high:g}, mean {array.mean:.4g}")
    if array.not_finite:
        parts.append(f"{array.not_finite} not finite")
    return "; ".join(parts)


def _shares(counts: Sequence[Count]) -> str:
    total = math.fsum(one.count for one in counts)
    shown = ", ".join(f"{one.value} {one.count} ({one.count / total:.0%})" for one in counts[:12])
    return shown + (f" and {len(counts) - 12} more" if len(counts) > 12 else "")
