"""A rule: words that a program prints when one thing goes wrong, and what is to be said of it then.

Invariant: a rule is a table entry and decides nothing itself; that the training went on afterwards overrules any.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .fault_class import FaultClass
from .hypothesis import Certainty, Depth, Measure


@dataclass(frozen=True, slots=True)
class Rule:
    """``{0}`` in the words stands for what the pattern's first group found."""

    code: str
    pattern: re.Pattern[str]
    what: str
    test: str
    measures: tuple[Measure, ...]
    instead: tuple[str, ...] = ()
    certainty: Certainty = Certainty.CERTAIN
    depth: Depth = Depth.CAUSE
    fault_class: FaultClass | None = None


def rule(
    code: str,
    pattern: str,
    what: str,
    test: str,
    *measures: tuple[str, str],
    instead: tuple[str, ...] = (),
    certainty: Certainty = Certainty.CERTAIN,
    depth: Depth = Depth.CAUSE,
    fault_class: FaultClass | None = None,
) -> Rule:
    """A rule; ``measures`` are pairs of a remedy and the hypothesis that trying it tests."""
    made = tuple(Measure(remedy, tests) for remedy, tests in measures)
    return Rule(code, re.compile(pattern), what, test, made, instead, certainty, depth, fault_class)
