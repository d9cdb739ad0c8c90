"""The language of searches and of the history's filter: words, and terms such as ``status:failed``.

Invariant: what a person types is data. It reaches SQLite only as a parameter, and what cannot be understood is refused
with an example.

    train digits              both words, at the beginning of a word of name, script, arguments, folder or reason
    "learning rate"           these words next to each other
    status:failed rung:full   terms of different kinds must all hold; of terms of one kind, one is enough
    script:train.py           a part of the script's path; so for name:
    experiment:7  run:41      by number
    -status:lost              a minus turns a word or a term around
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from .codec import SqlValue, encode
from .errors import BadFilter
from .records import RungName, RunStatus

_TOKEN = re.compile(r'(?=\S)(?P<minus>-?)(?:(?P<key>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))')
_EXAMPLE = "Filters read like: status:failed rung:full script:train.py digits."


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on runs, as SQL over the table ``runs`` with its parameters."""

    sql: str = ""
    parameters: tuple[SqlValue, ...] = ()

    @property
    def where(self) -> str:
        """The clause to put after ``FROM runs``."""
        return f"WHERE {self.sql}" if self.sql else ""

    @property
    def where_unindexed(self) -> str:
        """The same, but no index may be used for it: SQLite takes a column with a plus for an expression."""
        return self.where.replace("runs.", "+runs.")


def parse(text: str) -> Condition:
    """What the filter asks for; an empty one asks for every run."""
    groups: dict[tuple[bool, str], list[Condition]] = defaultdict(list)
    words = []
    for match in _TOKEN.finditer(text):
        is_negative, key = bool(match["minus"]), (match["key"] or "").lower()
        value = match["plain"] if match["quoted"] is None else match["quoted"]
        if key:
            groups[is_negative, key].append(_term(key, value))
        elif (phrase := match_phrase(value)) is not None:
            words.append(_negated(_holds(phrase)) if is_negative else _holds(phrase))
    terms = [_negated(_any(group)) if is_negative else _any(group) for (is_negative, _), group in groups.items()]
    return _all([*terms, *words])


def match_words(text: str) -> str | None:
    """A full-text query for every word of ``text``; ``None`` when there is nothing to look for."""
    values = [match[0] if match["quoted"] is None else match["quoted"] for match in _TOKEN.finditer(text)]
    phrases = [phrase for value in values if (phrase := match_phrase(value)) is not None]
    return " AND ".join(phrases) or None


def match_phrase(value: str) -> str | None:
    """A full-text query for words that begin so; ``None`` when nothing in it could ever match."""
    words = re.findall(r"\w+", value.replace("_", " "))
    return '"' + " ".join(words) + '" *' if words else None


def _term(key: str, value: str) -> Condition:
    if not value:
        raise BadFilter(f"The filter {key}: says nothing after the colon.", _EXAMPLE)
    match key:
        case "status":
            return _one_of("status", key, value, RunStatus)
        case "rung":
            return _one_of("rung", key, value, RungName)
        case "script" | "name":
            return _of_experiments(f"instr(lower({key}), lower(?))", value)
        case "experiment":
            return Condition("runs.experiment_id = ?", (_number(key, value),))
        case "run":
            return Condition("runs.id = ?", (_number(key, value),))
    raise BadFilter(
        f"There is no filter {key}: (there are status, rung, script, name, experiment, run).",
        f'To look for the text itself, put it in quotes: "{key}:{value}".',
    )


def _one_of(column: str, key: str, value: str, choices: type[StrEnum]) -> Condition:
    """A choice by its name or by the beginning of it, so that a filter holds while it is typed."""
    chosen = tuple(str(choice) for choice in choices if choice.startswith(value.lower()))
    if not chosen:
        raise BadFilter(f"There is no {key} {value!r}; it is one of {', '.join(choices)}.", _EXAMPLE)
    marks = ", ".join("?" * len(chosen))
    return Condition(f"runs.{column} IN ({marks})", chosen)


def _number(key: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise BadFilter(f"The filter {key}: needs a number, not {value!r}.", f"For example {key}:41.")
    return int(value)


def _holds(phrase: str) -> Condition:
    return Condition(
        "(runs.experiment_id IN (SELECT rowid FROM experiments_fts WHERE experiments_fts MATCH ?)"
        " OR runs.id IN (SELECT rowid FROM run_reasons WHERE run_reasons MATCH ?))",
        (phrase, phrase),
    )


def _of_experiments(condition: str, value: str) -> Condition:
    return Condition(f"runs.experiment_id IN (SELECT id FROM experiments WHERE {condition})", (encode(value),))


def _negated(condition: Condition) -> Condition:
    return Condition(f"NOT ({condition.sql})", condition.parameters)


def _any(conditions: list[Condition]) -> Condition:
    return _joined(" OR ", conditions)


def _all(conditions: list[Condition]) -> Condition:
    return _joined(" AND ", conditions)


def _joined(operator: str, conditions: list[Condition]) -> Condition:
    return Condition(
        operator.join(f"({condition.sql})" for condition in conditions),
        tuple(parameter for condition in conditions for parameter in condition.parameters),
    )
