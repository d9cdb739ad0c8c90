"""What a person says of a confirmation. What they do not say is proposed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """The claim and the effort, as far as a person has a wish."""

    seeds: int | None = None
    metric: str | None = None
    target: float | None = None
    against: int | None = None
    """A run of the baseline."""
    checks: bool = True
    chosen: int | None = None
    """The run that chose the configuration, where it is of another experiment, such as a trial."""
