"""What the words after an option may be, each read or told with an example of what would be right.

Invariant: reading one loads nothing of the engine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Read = TypeVar("Read")

RUNGS = ("static", "dryrun", "rehearsal", "overfit", "pilot", "sweep", "full", "confirm")
"""The names of store.records.RungName, in order; written out, so that help loads nothing (a test compares them)."""


def _told(parse: Callable[[str], Read]) -> Callable[[str], Read]:
    """For argparse, which would throw the words of a ValueError away."""

    @wraps(parse)
    def read(text: str) -> Read:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def _row(text: str, what: str, where: str) -> int:
    """The number of a row of the store; ``where`` says what lists them."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
        raise ValueError(f"“{text}” is not the number of {what}; {where}")
    return int(text)


@_told
def run_id(text: str) -> int:
    return _row(text, "a run", "`mlintern history` lists them")


@_told
def finding_id(text: str) -> int:
    return _row(text, "a finding", "`mlintern show RUN` lists them")


@_told
def decision_id(text: str) -> int:
    return _row(text, "a decision", "`mlintern diagnose --decide` tells it")


@_told
def conversation_id(text: str) -> int:
    return _row(text, "a conversation", "`mlintern ask` lists them")


@_told
def count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 100_000):
        raise ValueError(f"“{text}” is not a number from 1 to 100000")
    return int(text)


@_told
def number(text: str) -> float:
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = float("nan")
    if value - value != 0:
        raise ValueError(f"“{text}” is not a number; write for example 97.2 or 0.972")
    return value


@_told
def hunks(text: str) -> tuple[int, ...]:
    words = text.split(",")
    if not all(word.strip().isascii() and word.strip().isdigit() for word in words):
        raise ValueError(f"“{text}” names no hunks; write their numbers, for example 1,3")
    return tuple(int(word) for word in words)


@_told
def few(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 <= int(text) <= 64):
        raise ValueError(f"“{text}” is not a number from 0 to 64")
    return int(text)


@_told
def processes(text: str) -> int:
    from .units import parse_processes

    return parse_processes(text)


@_told
def duration(text: str) -> float:
    from .units import parse_duration

    if text.startswith("$"):
        raise ValueError(f"“{text}” is money, and a ceiling is a time, for example 30m or 2h; --budget takes money")
    return parse_duration(text)


@_told
def time_or_money(text: str) -> tuple[float | None, float | None]:
    """Seconds, or dollars."""
    from .units import parse_duration, parse_money

    return (None, parse_money(text)) if text.startswith("$") else (parse_duration(text), None)


@_told
def steps(text: str) -> int:
    from .units import parse_steps

    return parse_steps(text)


@_told
def size(text: str) -> int:
    from .units import parse_size

    return parse_size(text)


@_told
def approval(text: str) -> tuple[str, float]:
    rung, given, ceiling = text.partition("=")
    if given and rung not in RUNGS:
        raise ValueError(f"there is no rung “{rung}”; it is one of {', '.join(RUNGS)}")
    if not given:
        raise ValueError(f"“{text}” approves nothing; write a rung and its ceiling, for example pilot=2m or full=1h30m")
    return rung, duration(ceiling)
