"""The plan of a sweep, as it is shown before anyone approves it.

Invariant: pure. A sweep whose budget does not cover the script's own configuration is refused, with what would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...store.records import Forecast, Interval
from .budget import GRACE_SECONDS, kept_for_seeds
from .halving import REDUCTION
from .metric import Objective
from .space import Length, Parameter

DEFAULT_TRIALS = 20
"""Without a budget, one of so many whole trainings is proposed."""


class PlanError(ValueError):
    """A sweep that cannot be, with what could."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep would do."""

    space: tuple[Parameter, ...]
    objective: Objective
    length: Length | None
    seed_flag: str | None
    seeds: int
    workers: int
    whole: Interval
    """Seconds of a trial with the script's own arguments."""
    setup_seconds: float
    budget_seconds: float

    @property
    def seeds_seconds(self) -> float:
        """What is kept for fresh seeds in the end."""
        return kept_for_seeds(self.whole, self.seeds if self.seed_flag else 0, self.budget_seconds)

    @property
    def trials(self) -> tuple[int, int]:
        """Configurations that the budget allows: if each runs whole, and if all but a third are stopped early."""
        whole = max(1, int((self.budget_seconds - self.seeds_seconds) / (self.whole.mid + GRACE_SECONDS)))
        return whole, whole * REDUCTION

    @property
    def seconds(self) -> Interval:
        """What the sweep takes: at least the script's own configuration, at most its budget."""
        return Interval(min(self.whole.low, self.budget_seconds), self.budget_seconds, self.budget_seconds)


def make_plan(
    *,
    space: Sequence[Parameter],
    objective: Objective,
    length: Length | None,
    seed_flag: str | None,
    seeds: int,
    workers: int,
    full: Forecast | None,
    setup_seconds: float,
    budget_seconds: float | None,
) -> Plan:
    """The plan, or :class:`PlanError`. ``full`` is the forecast of the full run, which a trial is."""
    if not space:
        raise PlanError("there is nothing to search over: name parameters with --param, for example lr=1e-5..1e-2:log")
    names = [one.name for one in space]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise PlanError(f"“{twice}” is given twice: name each parameter once")
    if length is not None and any(one.flag == length.flag for one in space):
        length = None  # a length that is searched over is no measure of how far a training is
    if any(one.flag == seed_flag for one in space):
        raise PlanError("a seed is no hyperparameter: the best of many seeds is luck. Leave it out; see --seeds")
    if full is None or full.seconds is None:
        raise PlanError(
            "what a trial takes is unknown, because the forecast of the full run is: an unknown cost cannot be"
            " budgeted. Say the steps with --steps N, or run a pilot first"
        )
    budget = budget_seconds if budget_seconds is not None else DEFAULT_TRIALS * (full.seconds.mid + GRACE_SECONDS)
    if budget < full.seconds.high + GRACE_SECONDS:
        raise PlanError(
            f"a budget of {budget:.0f} s does not cover one trial: the script's own configuration takes up to"
            f" {full.seconds.high + GRACE_SECONDS:.0f} s. Give more, or shorten the script's own arguments"
        )
    return Plan(
        tuple(space), objective, length, seed_flag, seeds, workers, full.seconds, setup_seconds, budget
    )
