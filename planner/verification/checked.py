"""One thing that was counted again, or could not be.

Invariant: what could not be compared is never told as a match.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What came of counting again."""

    MATCHES = "matches"
    DIFFERS = "differs"
    TOLD = "told"  # a comparison without a right answer, such as a forecast with what came of it
    COULD_NOT = "could not"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was compared with what, and what came of it."""

    what: str
    answer: Answer
    compared: str
    """Which two things; for what could not be compared, why not."""
    found: str = ""
    """How they differ, or what was seen."""
    metric: str | None = None
    """The stored metric that it is about."""
    definition: str | None = None
    """How the metric is computed, where that was found out."""


def matches(what: str, compared: str, found: str = "") -> Checked:
    """Both say the same."""
    return Checked(what, Answer.MATCHES, compared, found)


def differs(what: str, compared: str, found: str) -> Checked:
    """They do not."""
    return Checked(what, Answer.DIFFERS, compared, found)


def told(what: str, compared: str, found: str) -> Checked:
    """Worth knowing, and neither right nor wrong."""
    return Checked(what, Answer.TOLD, compared, found)


def could_not(what: str, why: str) -> Checked:
    """Nothing was compared."""
    return Checked(what, Answer.COULD_NOT, why)
