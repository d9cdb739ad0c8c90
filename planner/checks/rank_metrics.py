"""Is a metric of sharded data gathered from all ranks, each row counted once?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...store.records import RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rank_reports import RANKS, all_told, evaluation_loaders, members

CODE = "dist.metric"
GATHERS = (
    "all_reduce", "allreduce", "reduce", "all_gather", "allgather", "_allgather_base", "gather",
    "all_gather_into_tensor",
)  # fmt: skip


def judge(evidence: Evidence) -> Judgement:
    """Padded rows that are counted twice, and a share that is taken for the whole."""
    ranks = members(evidence)
    if not all_told(ranks, "loaders") or not all_told(ranks, "collectives"):
        return could_not_tell("whether metrics count every row once: a rank ended before it could tell")
    sharded = [loader for loader in evaluation_loaders(ranks[0]) if (loader["replicas"] or 0) > 1]
    if not sharded:
        return fine("no evaluation is shared out among the ranks, so no row is counted twice")
    if any(one["collectives"] for one in ranks) and not _is_gathered(ranks[0]):
        return fault(*(_alone(loader, len(ranks)) for loader in sharded[:1]))
    padded = [loader for loader in sharded if _padding(loader)]
    if padded:
        return fault(*(_twice(loader) for loader in padded))
    return fine("evaluation is shared out among the ranks without padding, and gathered")


def _is_gathered(rank: Mapping[str, Any]) -> bool:
    """Whether some gathering call of the script's own comes more seldom than steps do."""
    calls = Counter(
        tuple((frame["file"], frame["line"]) for frame in one["frames"])
        for one in rank["collectives"]
        if one["by_user"] and one["kind"] in GATHERS
    )
    return any(count * 2 <= max(rank["steps"], 2) for count in calls.values())


def _padding(loader: Mapping[str, Any]) -> int:
    """How many rows stand twice in the shares together, or are left out (negative)."""
    if loader["drawn"] is None or loader["items"] is None:
        return 0
    return int(loader["drawn"] * loader["replicas"] - loader["items"])


def _twice(loader: Mapping[str, Any]) -> FindingDraft:
    count = _padding(loader)
    how = f"{count} rows are counted twice" if count > 0 else f"{-count} rows are left out"
    return FindingDraft(
        CODE,
        Severity.WARNING,
        f"the evaluation is shared out so that all ranks have equally many rows: {how} in what is gathered",
        ({"rows": loader["items"], "each_rank": loader["drawn"], "shares": loader["replicas"]},),
        loader["file"],
        loader["line"],
        "evaluate on one rank, or gather predictions with their indices and drop those that stand twice",
    )


def _alone(loader: Mapping[str, Any], world: int) -> FindingDraft:
    return FindingDraft(
        CODE,
        Severity.ERROR,
        f"each of {world} ranks evaluates on its own share and nothing is gathered: what is reported is of one share",
        ({"rows": loader["items"], "each_rank": loader["drawn"]},),
        loader["file"],
        loader["line"],
        "sum the counts over all ranks (all_reduce) before dividing",
    )


RANK_METRICS = Check(
    name=CODE,
    codes=(CODE,),
    rung=RungName.REHEARSAL,
    question="Is a metric of shared-out data gathered from all ranks, each row counted once?",
    needs=(RANKS,),
    uses=("torch",),
    evidence="the rows of the evaluation and of each rank's share, and the collectives that the script makes itself",
    fix="sum counts over all ranks, and leave out the rows that pad the last share",
    judge=judge,
)
