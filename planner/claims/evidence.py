"""What a claim stands on, as plain values: the verdict is a pure function of these.

Invariant: what nobody looked at is in ``unexamined`` or ``None``; it never reads as fine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is claimed of a metric."""

    REPORTED = "reported"  # one run's number is what it says
    REACHED = "reached"  # the configuration reaches a target
    BETTER = "better"  # it is better than another one
    HOLDS = "holds"  # what the run told by which it was chosen is what its fresh seeds give


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run's last value of the metric; several runs of one seed are one measurement, their mean."""

    runs: tuple[int, ...]
    seed: str | None
    """As on the command line; ``None`` where none is named there."""
    value: float
    steps: int | None
    recomputed: str | None
    """The definition by which the value follows from the predictions; ``None`` where the script alone computed it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding at level error that stands, or that a person accepted."""

    finding: int
    code: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Side:
    """All that is known of one configuration's result."""

    run: int
    """The run that is asked about."""
    fingerprint: str
    """Of the code that ran."""
    measurements: tuple[Measurement, ...]
    left_out: tuple[int, ...]
    """Runs of the same configuration that failed, were lost or gave no value: they are in no mean."""
    faults: tuple[Fault, ...] = ()
    unexamined: tuple[str, ...] = ()
    """Rungs whose checks would have shown a leak or a wrong metric, and that were not passed."""
    tampered: tuple[str, ...] = ()
    """What does not agree with the log, the seal or the predictions."""
    chosen_on_test: bool = False
    """Whether the value is the best of several looks at the rows that it is reported on."""
    maybe_chosen: bool = False
    """Whether the last value repeats the best of several looks at the same rows, as if they had chosen it."""
    labels_in_reach: tuple[str, ...] = ()
    """Files with the bare labels of the evaluated rows that lie where the script could read them."""

    @property
    def values(self) -> tuple[float, ...]:
        """One for each seed."""
        return tuple(one.value for one in self.measurements)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim with what there is for and against it."""

    kind: Kind
    metric: str
    higher_is_better: bool | None
    own: Side
    configurations: int
    """Among how many configurations this one may have been chosen, by the store's own count."""
    target: float | None = None
    """In the unit of the values; of :attr:`Kind.HOLDS`, the value by which it was chosen."""
    against: Side | None = None
    evaluations: int = 1
    """How many runs of the script evaluated rows of this kind, by the store's own count."""
