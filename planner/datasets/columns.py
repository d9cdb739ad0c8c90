"""What a column holds and seems to be for, from its values as text.

Invariant: a pure function of the values that were read; a role is a guess that only names and values support.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from .report import Column, ColumnType, Count, Role

MISSING = frozenset({"", "na", "nan", "null", "none", "n/a", "?"})
"""How a missing value is written; the same words as in the experiments that are written from it."""
MOST_COMMON = 12
MOST_EXAMPLE_CHARACTERS = 80
_MOST_CATEGORIES = 50
_FEW_EACH = 0.5
"""With more distinct values a row than this, values are told apart rather than grouped."""
_BOOLEAN = ({"0", "1"}, {"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"})
_DATE = re.compile(r"\d{4}-\d{1,2}(-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?|"
                   r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}( \d{1,2}:\d{2}(:\d{2})?)?")  # fmt: skip
_TIME_NAME = re.compile(r"(^|_)(date|datetime|time|timestamp|year|month|day|hour)s?($|_)|^ds$|_at$")
_GROUP_NAME = re.compile(
    r"(^|_)(patient|subject|user|customer|client|person|speaker|author|session|device|site|store|hospital|household|"
    r"group|family|animal|machine|account)s?($|_)"
)
_ID_NAME = re.compile(r"(^|_)(id|uuid|guid|key|index|idx|rowid|name)$|^unnamed")
LABEL_NAMES = ("target", "label", "class", "y", "outcome", "labels", "category", "species", "sentiment", "diagnosis")
"""What labels are called, the commonest first."""
_SPLIT_NAME = re.compile(r"^(split|subset|partition|fold|set)$")
_SPLIT_VALUES = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing"})


def is_missing(text: str) -> bool:
    """Whether this is how a missing value is written."""
    return text.strip().lower() in MISSING


def describe(name: str, values: Sequence[str]) -> Column:
    """One column."""
    present = [value.strip() for value in values if not is_missing(value)]
    counted = Counter(present)
    numbers = _numbers(present)
    kind = _type(name, present, counted, numbers)
    grouped = len(counted) <= max(_MOST_CATEGORIES, 1) or len(counted) <= _FEW_EACH * len(present)
    finite = [number for number in numbers or () if math.isfinite(number)]
    return Column(
        name=name,
        type=kind,
        role=_role(name, kind, values, counted),
        missing=len(values) - len(present),
        distinct=len(counted),
        low=min(finite, default=None),
        mean=math.fsum(number / len(finite) for number in finite) if finite else None,
        high=max(finite, default=None),
        common=tuple(Count(short(value), count) for value, count in counted.most_common(MOST_COMMON) if grouped),
        examples=tuple(short(value) for value in list(counted)[:3]),
    )


def short(text: str) -> str:
    """The beginning of a value."""
    text = " ".join(text[: 4 * MOST_EXAMPLE_CHARACTERS].split())
    return text if len(text) <= MOST_EXAMPLE_CHARACTERS else text[: MOST_EXAMPLE_CHARACTERS - 1] + "…"


def not_numbers(values: Sequence[str]) -> list[str]:
    """What stands in a column of numbers and is none."""
    return [value for value in values if not is_missing(value) and _number(value.strip()) is None]


def _numbers(present: Sequence[str]) -> list[float] | None:
    numbers = []
    for text in present:
        number = _number(text)
        if number is None:
            return None
        numbers.append(number)
    return numbers


def _number(text: str) -> float | None:
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _type(name: str, present: Sequence[str], counted: Counter[str], numbers: Sequence[float] | None) -> ColumnType:
    if not present:
        return ColumnType.EMPTY
    lowered = {value.lower() for value in counted} if len(counted) <= 2 else set()
    if lowered and any(lowered <= pair for pair in _BOOLEAN) and len(lowered) == 2:
        return ColumnType.BOOLEAN
    if numbers is not None:
        is_whole = all(math.isfinite(number) and number.is_integer() for number in numbers)
        return ColumnType.INTEGER if is_whole and not any("." in text for text in counted) else ColumnType.NUMBER
    if all(_DATE.fullmatch(value) for value in list(counted)[:1000]):
        return ColumnType.TIME
    words = sum(len(value.split()) for value in counted) / len(counted)
    is_told_apart = len(counted) > _FEW_EACH * len(present) and len(counted) > 2
    return ColumnType.TEXT if words > 3 or (is_told_apart and len(counted) > _MOST_CATEGORIES) else ColumnType.CATEGORY


def _role(name: str, kind: ColumnType, values: Sequence[str], counted: Counter[str]) -> Role | None:
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s.-]+", "_", name.strip()).lower()
    is_own = len(counted) == len(values) > 1
    if _SPLIT_NAME.search(plain) and {value.lower() for value in counted} <= _SPLIT_VALUES and counted:
        return Role.SPLIT
    if plain in LABEL_NAMES and (not is_own or kind in (ColumnType.INTEGER, ColumnType.NUMBER)):
        return Role.LABEL
    if kind is ColumnType.TIME or (_TIME_NAME.search(plain) and kind is ColumnType.INTEGER):
        return Role.TIME
    if is_own and (_ID_NAME.search(plain) or _counts_up(values, kind) or _looks_unique(kind, counted)):
        return Role.ID
    if _GROUP_NAME.search(plain) and 1 < len(counted) < len(values) and kind is not ColumnType.NUMBER:
        return Role.GROUP
    return None


def _counts_up(values: Sequence[str], kind: ColumnType) -> bool:
    if kind is not ColumnType.INTEGER or len(values) < 3:
        return False
    numbers = [float(value) for value in values]
    return all(later - earlier == 1 for earlier, later in pairwise(numbers))


def _looks_unique(kind: ColumnType, counted: Counter[str]) -> bool:
    """Names without spaces, one a row: codes rather than texts."""
    seen = list(counted)[:200]
    are_words = sum(_number(value) is None for value in seen) > len(seen) / 2
    return kind is ColumnType.TEXT and are_words and len(counted) > 20 and all(" " not in value for value in seen)
