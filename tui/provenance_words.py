"""Hyperparameters in words: value, origin and place of each, for the screen and for plain text.

Invariant: names, values and comments come from code that others wrote; they leave here cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from ..planner.provenance import Hyperparameter, Origin, open_questions
from .text import clean

NOT_INSPECTED = "the code was not inspected yet: the static rung does that"
NONE_FOUND = "none were found in the code"
_CITED = (Origin.QUOTED, Origin.REFERENCE, Origin.PERSON)

Pairs = list[tuple[str, str]]


def name_words(row: Hyperparameter) -> str:
    """``AdamW.lr``; a constant of the code goes by its name alone."""
    owner = (row.callee or "").rpartition(".")[2]
    return clean(f"{owner}.{row.name}" if owner else row.name)


def value_words(row: Hyperparameter) -> str:
    """The value, or the text of what computes it."""
    if row.value is None and row.expression:
        return clean(row.expression)
    return clean(str(row.value)) or "''"


def origin_words(row: Hyperparameter) -> str:
    """Where the value comes from, with what to look up: ``library default: torch 2.9.1``."""
    if row.origin is Origin.UNKNOWN:
        return clean(f"unknown: written on {row.pointer}, without a source")
    is_comment = row.origin in _CITED and not row.pointer.startswith("--")
    return clean(f"{row.origin}: {f'“{row.pointer}”' if is_comment else row.pointer}")


def place_words(row: Hyperparameter) -> str:
    """Where it takes effect: ``train.py:31``."""
    return clean(f"{PurePath(row.file).name}:{row.line}")


def count_words(rows: tuple[Hyperparameter, ...]) -> str:
    """How many there are, and how many a person should look at."""
    open_rows = len(open_questions(rows))
    return f"{open_rows} of {len(rows)} matter and are of unknown origin" if open_rows else f"{len(rows)}, none open"


def row_pairs(row: Hyperparameter) -> Pairs:
    """All there is to say of one, as names and sentences."""
    pairs = [("value", f"{name_words(row)} = {value_words(row)}"), ("origin", origin_words(row))]
    if row.note is not None:
        pairs.append(("≠", clean(row.note)))
    given = f", given to {row.callee}" if row.callee else ""
    more = f", and on {row.times - 1} more line{'s' if row.times > 2 else ''}" if row.times > 1 else ""
    return [*pairs, ("where", clean(f"{row.file}, line {row.line}{given}{more}"))]


def lines(rows: tuple[Hyperparameter, ...] | None) -> Iterator[str]:
    """One sentence for each that a person may want to know of, what is unknown and matters first."""
    if not rows:
        yield f"hyperparameters: {NOT_INSPECTED if rows is None else NONE_FOUND}"
        return
    yield f"hyperparameters: {count_words(rows)}"
    for row in rows:
        if not row.is_minor:
            yield _line(row)
    minor = sum(row.is_minor for row in rows)
    if minor:
        yield f"hyperparameters not listed: {minor} library defaults not known to matter; --json has them"


def _line(row: Hyperparameter) -> str:
    note = f"; differs between libraries: {clean(row.note)}" if row.note else ""
    matters = "matters, " if row.is_open else ""
    said = f"{name_words(row)} = {value_words(row)} ({place_words(row)}): {matters}{origin_words(row)}"
    return f"hyperparameter {said}{note}"
