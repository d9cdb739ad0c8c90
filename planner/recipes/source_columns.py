"""What the columns of a table are for in an experiment, from a first look at them.

Invariant: a target is never guessed from its place; a column that is no input is told as left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..datasets.report import Column, ColumnType, DataReport, Role
from .recipe import NotPossibleError, Task
from .sources import Columns, DataUse, Setting

_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)
_MOST_CATEGORIES = 50
_ISO_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?")


def of_table(report: DataReport, task: Task, asked: Columns, common: dict[str, Setting]) -> DataUse:
    """Rows with a target: numbers and categories are inputs."""
    target = _target(report, asked)
    is_classes = task is Task.CLASSIFICATION
    if is_classes and target.distinct > max(2, report.rows_read // 2):
        raise NotPossibleError(
            "data", f"“{target.name}” has {target.distinct} values: it is no class.", "Use --recipe regression-mlp."
        )
    if not is_classes and target.type not in _NUMBERS:
        raise NotPossibleError(
            "data", f"“{target.name}” holds no numbers.", "Name another with --target, or use --recipe tabular-mlp."
        )
    given, group = _given(report, asked), _group(report, asked)
    # Of what the columns suggest, a split that is given counts most, then groups; a wish for time counts above both.
    is_settled = (given is not None or group is not None) and asked.time is None and asked.split != "time"
    time = None if is_settled else _time(report, asked)
    special = {one.name for one in (target, group, time) if one is not None}
    row_id = next((one for one in report.columns if one.role is Role.ID and one.name not in special), None)
    inputs = [one for one in report.columns if one.name not in special and one is not row_id]
    inputs = [one for one in inputs if one.role not in (Role.ID, Role.SPLIT, Role.TIME)]
    numeric = [one.name for one in inputs if one.type in _NUMBERS and one.role is not Role.GROUP]
    categories = [one.name for one in inputs if _is_category(one)]
    left_out = [one.name for one in inputs if one.name not in numeric and one.name not in categories]
    if not numeric and not categories:
        raise NotPossibleError("data", "No column is left that could be an input.", "See `mlintern data` on the file.")
    table: dict[str, Setting] = {
        **common,
        "delimiter": report.delimiter or ",",
        "target": target.name,
        "classes": is_classes,
        "numeric": numeric,
        "categories": categories,
        **_names(id=row_id, group=group, split=None if time is not None else given),
        **_time_settings(time),
    }
    notes = [f"column “{name}” is left out: neither a number nor a category" for name in left_out]
    words = _split_words(given, group, time, is_classes)
    return DataUse("csv_table.py", table, words, (*notes, *_notes(report)))


def of_texts(report: DataReport, asked: Columns, common: dict[str, Setting]) -> DataUse:
    """Rows with a text and a class."""
    target, group, given = _target(report, asked), _group(report, asked), _given(report, asked)
    texts = [one for one in report.columns if one.type is ColumnType.TEXT and one.name != target.name]
    if not texts:
        raise NotPossibleError("data", f"{report.path} has no column of texts.", "See `mlintern data` on the file.")
    text = max(texts, key=lambda one: sum(map(len, one.examples)))
    row_id = next((one for one in report.columns if one.role is Role.ID and one.name not in (text.name,)), None)
    table: dict[str, Setting] = {
        **common,
        "format": "jsonl" if report.form == "JSON lines" else "csv",
        "delimiter": report.delimiter or ",",
        "text": text.name,
        "target": target.name,
        **_names(id=row_id, group=group, split=given),
    }
    return DataUse("text_table.py", table, _split_words(given, group, None, classes=True), _notes(report))


def of_series(report: DataReport, asked: Columns, common: dict[str, Setting]) -> DataUse:
    """Rows in the order of time; the target's next values are told from all numbers."""
    target, time = _target(report, asked), _time(report, asked)
    numeric = [one for one in report.columns if one.type in _NUMBERS and one.role in (None, Role.LABEL)]
    if target not in numeric:
        numeric.append(target)
    gaps = [one.name for one in numeric if one.missing or one.type not in _NUMBERS]
    if gaps:
        raise NotPossibleError(
            "data", f"“{gaps[0]}” has values that are missing or no numbers.", "Fill or leave them out first."
        )
    table: dict[str, Setting] = {
        **common,
        "delimiter": report.delimiter or ",",
        "target": target.name,
        "numeric": [one.name for one in numeric],
        **_time_settings(time),
    }
    notes = () if time else ("no column of times was found: the rows are taken to be in the order of time",)
    return DataUse("series.py", table, "by time: the latest rows are the test", (*notes, *_notes(report)))


def _target(report: DataReport, asked: Columns) -> Column:
    if asked.target is not None:
        return _named(report, asked.target, "--target")
    found = report.first(Role.LABEL)
    if found is None:
        raise NotPossibleError(
            "data",
            f"Nothing tells which column of {report.path} is to be predicted.",
            f"Name it with --target: {_list(report.columns)}.",
        )
    return found


def _given(report: DataReport, asked: Columns) -> Column | None:
    """The column that says which row is in which split, where it names a training and a test split."""
    column = report.first(Role.SPLIT) if asked.split is None else None
    if column is None or column.missing:
        return None
    named = {one.value.lower()[:4] for one in column.common}
    return column if {"trai", "test"} <= named else None


def _group(report: DataReport, asked: Columns) -> Column | None:
    if asked.group is not None:
        return _named(report, asked.group, "--group")
    return report.first(Role.GROUP) if asked.split in (None, "groups") else None


def _time(report: DataReport, asked: Columns) -> Column | None:
    time = _named(report, asked.time, "--time") if asked.time is not None else None
    if time is None and asked.split in (None, "time"):
        time = report.first(Role.TIME)
    if time is None:
        return None
    has_order = time.type in _NUMBERS or all(_ISO_DATE.fullmatch(text) for text in time.examples)
    if time.missing or not has_order:
        raise NotPossibleError(
            "data",
            f"The times in “{time.name}” are missing or in no order that is sure, such as “{time.examples[0]}”.",
            "Write them as YYYY-MM-DD, or as numbers; or split otherwise with --split rows.",
        )
    return time


def _named(report: DataReport, name: str, option: str) -> Column:
    column = report.column(name)
    if column is None:
        raise NotPossibleError("usage", f"There is no column “{name}”.", f"{option}: {_list(report.columns)}.")
    return column


def _list(columns: Sequence[Column]) -> str:
    names = ", ".join(f"“{one.name}”" for one in columns[:12])
    return names + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")


def _is_category(one: Column) -> bool:
    is_kind = one.type in (ColumnType.CATEGORY, ColumnType.BOOLEAN)
    return is_kind and one.role is not Role.GROUP and one.distinct <= _MOST_CATEGORIES


def _names(**columns: Column | None) -> dict[str, Setting]:
    return {key: column.name for key, column in columns.items() if column is not None}


def _time_settings(time: Column | None) -> dict[str, Setting]:
    return {} if time is None else {"time": time.name, "time_is_number": time.type in _NUMBERS}


def _split_words(given: Column | None, group: Column | None, time: Column | None, classes: bool) -> str:
    if time is not None:
        return f"by time, in the order of “{time.name}”: the latest rows are the test"
    if given is not None:
        return f"as the column “{given.name}” says; what it leaves out is taken from its training rows"
    together = f"rows of one “{group.name}” together" if group is not None else "equal rows together"
    return f"at random, {together}{', classes in equal shares' if classes else ''}"


def _notes(report: DataReport) -> tuple[str, ...]:
    sampled = (f"what the columns are was judged by {report.sampled}",) if report.sampled else ()
    return (*sampled, *report.warnings)
