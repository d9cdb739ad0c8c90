"""How values become columns and columns become records: one rule per type, for every table.

Invariant: ``decode(encode(value)) == value`` for every value a record can hold, also for the awkward ones:
- NaN is stored as the text ``nan``: SQLite would make it NULL, and NULL means *unknown*. Infinities are plain REALs.
- A text that is not valid Unicode (a path with stray bytes) is stored as a BLOB: UTF-8, surrogates passed through.
- Tuples, intervals and JSON objects are stored as JSON text, which escapes whatever is not ASCII.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, Generic, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from .errors import unreadable_record
from .records import Interval

SqlValue: TypeAlias = int | float | str | bytes | None
Row: TypeAlias = tuple[Any, ...]
RecordType = TypeVar("RecordType")


def encode(value: object) -> SqlValue:
    """The value as SQLite can hold it."""
    match value:
        case None | bool() | int() | bytes():
            return value
        case float():
            return "nan" if math.isnan(value) else value
        case str():
            return _encode_text(str(value))
        case Path():
            return _encode_text(os.fspath(value))
        case Interval():
            return encode_json((value.low, value.mid, value.high))
        case Mapping() | tuple() | list():
            return encode_json(value)
    raise TypeError(f"a {type(value).__name__} has no column form")


def encode_json(value: object) -> str:
    """Compact JSON; NaN and infinities keep Python's spelling, so that they come back as they were."""
    return json.dumps(value, separators=(",", ":"), default=_plain)


def decode_text(value: str | bytes) -> str:
    """The text that ``encode`` made the column from."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


class Shape(Generic[RecordType]):
    """The columns of one record class: each field is the column of the same name."""

    def __init__(self, record: type[RecordType], *, without: Sequence[str] = ()) -> None:
        self._record = record
        hints = get_type_hints(record)
        self.names = tuple(name for name in hints if name not in without)
        self.columns = ", ".join(self.names)
        self._decoders = tuple(_decoder(hints[name]) for name in self.names)

    def qualified(self, alias: str) -> str:
        """The columns with a table's alias in front, for a join."""
        return ", ".join(f"{alias}.{name}" for name in self.names)

    def load(self, row: Sequence[Any]) -> RecordType:
        """The record that a row of exactly these columns stands for."""
        return self._record(*self.values(row))

    def values(self, row: Sequence[Any]) -> list[Any]:
        """The fields that a row of exactly these columns stands for."""
        try:
            return [
                value if decode is None or value is None else decode(value)
                for decode, value in zip(self._decoders, row, strict=True)
            ]
        except (ValueError, TypeError) as error:
            raise unreadable_record(self._record.__name__.lower(), error) from error


def _encode_text(text: str) -> str | bytes:
    # isascii is a flag lookup and settles nearly every text.
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return os.fspath(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _decoder(annotation: Any) -> Callable[[Any], Any] | None:
    kind = _without_none(annotation)
    if kind is float:
        return float  # also reads the text "nan"
    if kind is str:
        return decode_text
    if kind is bool:
        return bool
    if kind is Path:
        return _decode_path
    if kind is Interval:
        return _decode_interval
    if get_origin(kind) is tuple:
        return partial(_decode_tuple, get_args(kind)[0])
    if get_origin(kind) is Mapping:
        return json.loads
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    return None


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    (kind,) = (argument for argument in get_args(annotation) if argument is not type(None))
    return kind


def _decode_path(value: str | bytes) -> Path:
    return Path(decode_text(value))


def _decode_interval(value: str) -> Interval:
    return Interval(*json.loads(value))


def _decode_tuple(item: Callable[..., Any], value: str) -> tuple[Any, ...]:
    items = json.loads(value)
    # An array of numbers or objects is kept as it is; one of records is made of them again.
    return tuple(item(**each) if is_dataclass(item) else each for each in items)
