"""The plan of a confirmation, as it is shown before anyone approves it: the claim, the seeds, the checks, the cost.

Invariant: pure. What is to be claimed is fixed here, before any of the runs; a seed in it was never used before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...runtime.printed import PREFIX
from ...store.confirmations import Purpose
from ...store.records import Interval, Run
from ..claims.verdict import corrected
from ..noise import seeds_needed
from ..sweep.budget import GRACE_SECONDS

DEFAULT_SEEDS = 5
FEWEST_SEEDS = 2
MOST_PROPOSED = 10
"""More seeds than this are a person's to ask for."""
FIRST_SEED = 1001
"""Fresh seeds are counted from here; nobody's habits reach that far."""


class NotConfirmableError(ValueError):
    """A confirmation that cannot be, with what could."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be claimed."""

    metric: str
    target: float | None = None
    target_says: str | None = None
    """Where the target comes from."""
    against: Run | None = None
    """A run of the baseline."""


@dataclass(frozen=True, slots=True)
class Needed:
    """How many seeds the claim takes, as far as that can be told beforehand."""

    seeds: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a confirmation would do."""

    chosen: Run
    """The run by which the configuration was chosen."""
    goal: Goal
    seed_flag: str
    seeds: tuple[int, ...]
    needed: Needed
    checks: tuple[str, ...]
    """``again`` and ``resumed``: whether the same seed gives the same, and a resumed run too."""
    unchecked: tuple[str, ...]
    """Which of these cannot be tried, and why."""
    resume_flag: str | None
    looked_at: int
    run_seconds: Interval
    basis: str
    differences: tuple[str, ...]

    @property
    def claim(self) -> str:
        """What is to be shown, in words."""
        metric, goal = self.goal.metric.removeprefix(PREFIX), self.goal
        parts = []
        if goal.target is not None:
            parts.append(f"{metric} reaches {goal.target:g} ({goal.target_says})")
        if goal.against is not None:
            parts.append(f"{metric} is better than that of run {goal.against.id}")
        return " and ".join(parts) or f"{metric} of run {self.chosen.id} is what fresh seeds give"

    @property
    def runs(self) -> int:
        """How many runs it takes; one that is interrupted and taken up again is one."""
        sides = 1 if self.goal.against is None else 2
        return sides * len(self.seeds) + len(self.checks)

    @property
    def seconds(self) -> Interval:
        """What all of it takes."""
        one, count = self.run_seconds, self.runs
        return Interval(count * one.low, count * one.mid, count * (one.high + GRACE_SECONDS))


def fresh_seeds(count: int, used: Collection[int]) -> tuple[int, ...]:
    """So many seeds that no run of the script ever had."""
    found: list[int] = []
    candidate = FIRST_SEED
    while len(found) < count:
        if candidate not in used:
            found.append(candidate)
        candidate += 1
    return tuple(found)


def needed(
    deviation: float | None, gain: float | None, *, against_baseline: bool, looked_at: int, source: str | None
) -> Needed:
    """Seeds of each side for the claim, from a noise that is known already and the gain that was seen."""
    if gain is None:
        return Needed(None, "there is no target and no baseline, so what is asked is whether the value holds")
    if deviation is None:
        return Needed(None, "how much a seed changes is not known yet, so nobody can tell how many it takes")
    if gain <= 0:
        return Needed(None, "the run that chose it falls short of the goal, and no number of seeds shows otherwise")
    count = seeds_needed(deviation, gain, against_noise=against_baseline, alpha=corrected(looked_at))
    if count is None:
        return Needed(None, "the gain is so far inside the noise that no number of seeds is worth it")
    return Needed(count, f"if the gain is what was seen, and a seed changes what {source} told")


def seeds_to_run(wanted: int | None, known: Needed) -> int:
    """What a person wants, or what the claim needs within reason. Raises :class:`NotConfirmableError`."""
    if wanted is not None and wanted < FEWEST_SEEDS:
        raise NotConfirmableError(f"{wanted} seeds say nothing of the noise: give {FEWEST_SEEDS} at least, better 5")
    if wanted is not None:
        return wanted
    return DEFAULT_SEEDS if known.seeds is None else min(MOST_PROPOSED, max(DEFAULT_SEEDS, known.seeds))


def run_seconds(measured: Sequence[Run]) -> tuple[Interval, str] | None:
    """What one run takes, from whole runs of the configuration that ended; ``None`` where there is none."""
    took = [run.wall_seconds for run in measured if run.wall_seconds]
    if not took:
        return None
    mean = sum(took) / len(took)
    runs = ", ".join(str(run_id) for run_id in sorted({run.id for run in measured})[-3:])
    return Interval(0.8 * min(took), mean, 1.3 * max(took)), f"what run {runs} took, each with a part more or less"


def checks(*, resume_flag: str | None, no_resume: str | None, wanted: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which checks are made, and why the others are not."""
    if not wanted:
        return (), ("determinism: left out, as it was asked for", "resuming: left out, as it was asked for")
    if resume_flag is None:
        return (Purpose.AGAIN,), (f"resuming: {no_resume}",)
    return (Purpose.AGAIN, Purpose.RESUMED), ()
