"""A first look at a table: CSV, TSV, JSON lines or parquet.

Invariant: no more than ``MOST_ROWS`` rows and ``MOST_CELLS`` cells are read, from the beginning, which is told.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from .columns import describe, is_missing, not_numbers, short
from .report import Column, ColumnType, Count, DataReport, Role, UnreadableDataError

MOST_ROWS = 50_000
MOST_CELLS = 2_000_000
MOST_COLUMNS = 5_000
_SNIFFED = 64 << 10
_DELIMITERS = ",;\t|"
_RARE = 0.05
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Table:
    """The beginning of a table, as text."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_whole: bool
    ragged: int
    delimiter: str | None = None
    has_own_names: bool = True

    def column(self, name: str) -> list[str]:
        """Its values."""
        at = self.names.index(name)
        return [row[at] for row in self.rows]


def look(path: Path, *, label: str | None = None) -> DataReport:
    """A report; ``label`` names the column that is to be told."""
    form = {".tsv": "TSV", ".jsonl": "JSON lines", ".ndjson": "JSON lines", ".parquet": "parquet"}.get(
        path.suffix.lower(), "CSV"
    )
    table = read(path)
    columns = tuple(describe(name, table.column(name)) for name in table.names)
    target = _label(columns, label)
    split = next((one for one in columns if one.role is Role.SPLIT), None)
    duplicates = len(table.rows) - len(set(table.rows))
    counts = Counter(value.strip() for value in table.column(target.name)) if target else Counter()
    is_classes = target is not None and target.type not in (ColumnType.NUMBER, ColumnType.TEXT, ColumnType.EMPTY)
    classes = tuple(Count(short(value) or "(missing)", count) for value, count in counts.most_common(100)
                    ) if is_classes and len(counts) <= max(100, len(table.rows) // 10) else ()  # fmt: skip
    return DataReport(
        path=str(path),
        form=form,
        size_bytes=path.stat().st_size,
        rows=len(table.rows) if table.is_whole else None,
        rows_read=len(table.rows),
        delimiter=table.delimiter,
        columns=columns,
        classes=classes,
        splits=tuple(Count(value, count) for value, count in Counter(table.column(split.name)).most_common())
        if split else (),
        duplicates=duplicates,
        examples=tuple(" | ".join(short(cell) for cell in row[:20]) for row in table.rows[:3]),
        sampled=None if table.is_whole else f"the first {len(table.rows)} rows; the file goes on",
        has_own_names=table.has_own_names,
        warnings=tuple(_warnings(table, columns, target, classes, duplicates)),
    )  # fmt: skip


def read(path: Path) -> Table:
    """The beginning of a table."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _read_parquet(path)
    try:
        return _read_lines(path) if suffix in (".jsonl", ".ndjson") else _read_csv(path)
    except UnicodeDecodeError as error:
        raise UnreadableDataError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from error
    except csv.Error as error:
        raise UnreadableDataError(f"{path} is not a table: {error}.", "Give CSV or JSON lines.") from error


def _read_csv(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        beginning = stream.read(_SNIFFED)
        if "\0" in beginning:
            raise UnreadableDataError(f"{path} is binary, not a table.", "Give CSV, TSV, JSON lines or parquet.")
        delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(beginning)
        stream.seek(0)
        lines = csv.reader(stream, delimiter=delimiter)
        header = next(lines, None)
        if not header:
            raise UnreadableDataError(f"{path} is empty.", "A table has a line of names and a line for every row.")
        return _table(header, (line for line in lines if line), delimiter)


def _delimiter(beginning: str) -> str:
    """The one that the first lines agree about most."""
    lines = beginning.splitlines()[:20]
    counted = {one: [line.count(one) for line in lines] for one in _DELIMITERS}
    agreed = {one: min(counts, default=0) for one, counts in counted.items()}
    best = max(agreed, key=lambda one: agreed[one])
    return best if agreed[best] else max(counted, key=lambda one: counted[one][0] if lines else 0)


def _table(header: Sequence[str], lines: Iterator[Sequence[str]], delimiter: str | None) -> Table:
    if len(header) > MOST_COLUMNS:
        raise UnreadableDataError(
            f"The table has {len(header)} columns; {MOST_COLUMNS} can be looked at.", "Give fewer columns, or NumPy."
        )
    names = _unique(header)
    most = min(MOST_ROWS, max(1, MOST_CELLS // len(names)))
    read = list(islice(lines, most + 1))
    kept = read[:most]
    ragged = sum(len(row) != len(names) for row in kept)
    rows = tuple(tuple(row[: len(names)]) + ("",) * (len(names) - len(row)) for row in kept)
    has_own_names = list(names) == [name.strip() for name in header]
    return Table(names, rows, len(read) <= most, ragged, delimiter, has_own_names)


def _unique(header: Sequence[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    names = []
    for place, name in enumerate(header):
        name = name.strip() or f"column {place + 1}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _read_lines(path: Path) -> Table:
    objects: list[dict[str, Any]] = []
    with path.open(encoding="utf-8-sig") as stream:
        lines = (line for line in stream if line.strip())
        for number, line in enumerate(islice(lines, MOST_ROWS + 1), start=1):
            try:
                content = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UnreadableDataError(f"Row {number} of {path} is not JSON.", "Give one object a line.") from error
            if not isinstance(content, dict):
                raise UnreadableDataError(f"Row {number} of {path} is no object.", "Give one object a line.")
            objects.append(content)
    if not objects:
        raise UnreadableDataError(f"{path} is empty.", "Give one JSON object a line.")
    names = tuple(dict.fromkeys(name for content in objects for name in content))
    rows = ([_text(content.get(name)) for name in names] for content in objects)
    return _table(names, rows, None)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _read_parquet(path: Path) -> Table:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UnreadableDataError(
            f"{path} is parquet, and pyarrow is not installed.", "Install pyarrow, or save the table as CSV."
        ) from error
    try:
        file = ParquetFile(path)
        batches = (row for batch in file.iter_batches(1000) for row in batch.to_pylist())
        names = file.schema_arrow.names
        return _table(names, ([_text(row[name]) for name in names] for row in batches), None)
    except ArrowException as error:
        raise UnreadableDataError(f"{path} is not readable as parquet: {error}.", "Save it as CSV.") from error


def _label(columns: Sequence[Column], named: str | None) -> Column | None:
    if named is not None:
        return next((one for one in columns if one.name == named), None)
    return next((one for one in columns if one.role is Role.LABEL), None)


def _warnings(
    table: Table, columns: Sequence[Column], label: Column | None, classes: Sequence[Count], duplicates: int
) -> Iterator[str]:
    total = len(table.rows)
    if not total:
        yield "there are no rows"
        return
    if not table.has_own_names:
        yield "some columns have no name, or the name of another: they were given one"
    if table.ragged:
        yield f"{table.ragged} rows have more or fewer cells than the header"
    if duplicates:
        yield f"{duplicates} rows repeat an earlier row: keep copies on one side of the split"
    for one in columns:
        yield from _of_column(table, one, total)
    yield from _of_label(table, columns, label, classes, total)


def _of_column(table: Table, one: Column, total: int) -> Iterator[str]:
    if one.missing > _MOSTLY * total:
        yield f"column “{one.name}” is missing in {one.missing} of {total} rows"
    if one.distinct == 1 and not one.missing and total > 1:
        yield f"column “{one.name}” has one value only"
    if one.type in (ColumnType.CATEGORY, ColumnType.TEXT) and one.role is None:
        odd = not_numbers(table.column(one.name))
        if odd and len(odd) <= _RARE * total and total - one.missing - len(odd) > 0:
            yield f"column “{one.name}” holds numbers, but for {len(odd)} values such as “{short(odd[0])}”"
    if one.role is Role.ID:
        yield f"column “{one.name}” looks like an id: it names rows and is no input"
    if one.role is Role.TIME:
        yield f"column “{one.name}” looks like a time: split by time if later rows are to be predicted"
    if one.role is Role.GROUP:
        yield f"column “{one.name}” looks like a group of rows: keep each on one side of the split"


def _of_label(
    table: Table, columns: Sequence[Column], label: Column | None, classes: Sequence[Count], total: int
) -> Iterator[str]:
    if label is None:
        return
    if label.missing:
        yield f"{label.missing} rows have no label"
    counts = [one for one in classes if one.value != "(missing)"]
    if len(counts) > 1 and min(one.count for one in counts) < _RARE * total:
        rarest = min(counts, key=lambda one: one.count)
        yield f"class “{rarest.value}” has {rarest.count} of {total} rows: accuracy alone would tell little"
    if not classes:
        return
    targets = table.column(label.name)
    for one in columns:
        if one.name != label.name and one.role is None and 1 < one.distinct <= _MOSTLY * total:
            seen: defaultdict[str, set[str]] = defaultdict(set)
            for value, target in zip(table.column(one.name), targets, strict=True):
                if not is_missing(value):
                    seen[value.strip()].add(target)
            if seen and all(len(told) == 1 for told in seen.values()):
                yield f"column “{one.name}” tells the label by itself: it may be made from it"
