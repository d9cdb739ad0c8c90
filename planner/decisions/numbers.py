"""Whether the numbers of a text stand in its evidence.

Invariant: a number that nobody measured is found, also a rounded or a percentage one; one that is an honest rounding
of what the evidence says is not accused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w]|\.\d)\s*%?")


def unfounded_number(text: str, evidence: str) -> str | None:
    """The first number of a text that the evidence does not have, as it is written; ``None`` where there is none."""
    known = [value for _, value, _ in _numbers(evidence) if math.isfinite(value)]
    for written, value, digits in _numbers(text):
        if not any(_is_rounding(value, digits, one) for one in _readings(known, written)):
            return written
    return None


def _readings(known: list[float], written: str) -> Iterator[float]:
    """What the evidence's numbers are, in per cent too where the text is."""
    yield from known
    if written.endswith("%"):
        yield from (100 * one for one in known)


def _numbers(text: str) -> Iterator[tuple[str, float, int]]:
    """Each number as written, its size, and the places behind its point."""
    for match in _NUMBER.finditer(text):
        written = match[0].strip()
        plain = written.rstrip("% ").replace(",", "")
        mantissa, _, power = plain.lower().partition("e")
        places = len(mantissa.partition(".")[2]) - int(power[:6] or 0)
        yield written, float(plain), places


def _is_rounding(value: float, places: int, known: float) -> bool:
    return abs(abs(value) - abs(known)) <= 0.5 * 10.0**-places * 1.000001 if places > 0 else _is_close(value, known)


def _is_close(value: float, known: float) -> bool:
    """A whole number stands for what it is, or for the same with a fraction."""
    return abs(value) == abs(known) or (known % 1 != 0 and abs(abs(value) - abs(known)) <= 0.5)
