"""What each rung of the ladder is for: whether it costs, what it shows, what it leaves open. Words and facts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..store.records import Rung, RungName, RungStatus

BUILT = (
    RungName.STATIC, RungName.DRYRUN, RungName.REHEARSAL, RungName.OVERFIT, RungName.PILOT, RungName.SWEEP,
    RungName.FULL, RungName.CONFIRM,
)  # fmt: skip
"""The rungs that this version can climb. The others are declared, and never read as passed."""

NOT_BUILT_WHY = "not built yet"

OPTIONAL = frozenset({RungName.SWEEP})
"""Rungs that are climbed only when they are asked for, with a plan of their own; nothing above waits for them."""


@dataclass(frozen=True, slots=True)
class RungFacts:
    """What a person should know of a rung before and after climbing it."""

    costs: bool
    """Whether a person must approve it."""
    shows: str
    verifies: tuple[str, ...]


FACTS: Mapping[RungName, RungFacts] = {
    RungName.STATIC: RungFacts(
        costs=False,
        shows="parses, imports resolve, arguments fit",
        verifies=("the code parses", "imports resolve in the chosen interpreter", "arguments of library calls fit"),
    ),
    RungName.DRYRUN: RungFacts(
        costs=False,
        shows="shapes, peak memory",
        verifies=("shapes fit", "peak memory of tensors before anything is allocated"),
    ),
    RungName.REHEARSAL: RungFacts(
        costs=False,
        shows="every line to the end, exact counts",
        verifies=(
            "every loop, evaluation and save runs through to the end",
            "exact iteration counts",
            "real host memory",
        ),
    ),
    RungName.OVERFIT: RungFacts(
        costs=False,
        shows="learns one batch, step by step",
        verifies=(
            "the model can learn at all",
            "each step does what was meant",
            "no row is in two splits",
            "the metric is what its name says",
        ),
    ),
    RungName.PILOT: RungFacts(
        costs=True,
        shows="throughput, curve, calibrated time",
        verifies=("steady throughput", "the first part of the learning curve", "the time forecast, against real steps"),
    ),
    RungName.SWEEP: RungFacts(costs=True, shows="which knobs matter (optional)", verifies=("which knobs matter",)),
    RungName.FULL: RungFacts(costs=True, shows="the result", verifies=("the run completes, and what it reports",)),
    RungName.CONFIRM: RungFacts(
        costs=True,
        shows="whether the result holds",
        verifies=("the result on more than one seed", "the same from a fresh copy"),
    ),
}

def as_built(rungs: Mapping[RungName, Rung]) -> Mapping[RungName, Rung]:
    """The rungs as this version has them, where an earlier one began the climb.

    A rung that was not built then is climbed now; where the climb went on without it, it stays behind.
    """
    return {name: _as_built(rung, rungs) for name, rung in rungs.items()}


def _as_built(rung: Rung, rungs: Mapping[RungName, Rung]) -> Rung:
    if rung.status is not RungStatus.NOT_BUILT or rung.name not in BUILT:
        return rung
    order = tuple(RungName)
    later = (rungs[name] for name in order[order.index(rung.name) + 1 :])
    if all(one.status in (RungStatus.PLANNED, RungStatus.NOT_BUILT) for one in later):
        return replace(rung, status=RungStatus.PLANNED, why=None)
    return replace(rung, status=RungStatus.SKIPPED, why="it was not built yet when this was climbed")


def rungs_up_to(target: RungName) -> tuple[RungName, ...]:
    """The rungs from the bottom to ``target``, in climbing order."""
    ladder = tuple(RungName)
    return ladder[: ladder.index(target) + 1]
