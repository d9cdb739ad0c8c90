"""What a diagnosis is made of: hypotheses, each with the lines that show it and the test that would tell.

Invariant: no hypothesis without evidence, and no remedy without the hypothesis that trying it tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from hashlib import sha256

from .fault_class import FaultClass, class_of
from .log import Line


class Certainty(StrEnum):
    """How sure: the log says it itself, it fits best, or it may be."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Depth(IntEnum):
    """How near to the beginning of it all a sign is: what is deeper is named first, whatever else followed from it."""

    CAUSE = 0
    """Names what is wrong."""
    EXCEPTION = 1
    """An exception that nothing more is known about."""
    ENDING = 2
    """Ended from outside, or waited until it was."""
    ECHO = 3
    """What the others say when one of them is gone."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A line of the log, or what was measured, that shows something."""

    text: str
    line: int | None = None
    """Its number; ``None`` for telemetry."""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What would mend it, and what is known once it was tried."""

    remedy: str
    tests: str
    """The hypothesis: if it helps, this was so."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation."""

    code: str
    """The finding code."""
    what: str
    certainty: Certainty
    quotes: tuple[Quote, ...]
    test: str
    """The cheapest thing that would tell whether it is so."""
    measures: tuple[Measure, ...]
    instead: tuple[str, ...] = ()
    """What else it could be."""
    depth: Depth = Depth.CAUSE
    at: int = 0
    """Where in the order of the lines its first sign stands."""
    ranks: tuple[int, ...] = ()
    """The ranks that are to blame, where there are several and the evidence tells which."""
    fault_class: FaultClass | None = None
    """Where the cause lies, where the evidence says more than the code does."""

    @property
    def lies_in(self) -> FaultClass:
        """Where the cause lies."""
        return self.fault_class or class_of(self.code)

    @property
    def fingerprint(self) -> str:
        """The same for the same evidence, whatever step, address or process it came from this time."""
        seen = re.sub(r"0x[0-9a-f]+|\d+", "#", self.quotes[0].text) if self.quotes else ""
        return sha256(f"{self.code}\0{seen}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What happened, in one value that every output renders."""

    cause: Hypothesis | None
    """The first cause; ``None`` when nothing wrong was seen."""
    others: tuple[Hypothesis, ...] = ()
    """Signs of their own, seen too."""
    followed: tuple[Hypothesis, ...] = ()
    """What followed from the cause."""
    ruled_out: tuple[str, ...] = ()
    """What looked like a failure and was none, with the reason."""


def quote(line: Line) -> Quote:
    """A line as evidence."""
    return Quote(line.text.strip()[:500], line.number, line.source)
