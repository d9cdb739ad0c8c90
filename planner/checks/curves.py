"""The curves of one run, as evidence: what it printed, and its training loss.

Invariant: a share that was printed in per cent is a share here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..verification.metric_names import is_of_evaluation, measure
from .check import Evidence

PRINTED = "curves.printed"
"""``{name: [[step, value], …]}``."""
LOSS = "curves.loss"
"""``[[step, value], …]`` of the first optimizer."""
SHARES = {"accuracy", "acc", "f1", "precision", "recall", "auc", "auroc"}


@dataclass(frozen=True, slots=True)
class Curve:
    """One printed metric."""

    name: str
    measure: str
    values: tuple[float, ...]

    @property
    def last(self) -> float:
        return self.values[-1]


def printed(evidence: Evidence) -> list[Curve]:
    """Every printed metric whose name says what is measured."""
    found = []
    for name, points in evidence.reports[PRINTED].items():
        what = measure(name)
        if what is not None and points:
            values = tuple(float(point[1]) for point in points)
            scale = 100.0 if what in SHARES and max(values) > 1.5 else 1.0
            found.append(Curve(name, what, tuple(value / scale for value in values)))
    return found


def of_evaluations(evidence: Evidence) -> list[Curve]:
    """The printed metrics that are of an evaluation, not of a training batch."""
    return [one for one in printed(evidence) if is_of_evaluation(one.name)]
