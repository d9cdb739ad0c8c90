"""Does every rank see its own share of the data, in another order each epoch? Read from row hashes and samplers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...store.records import RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rank_reports import RANKS, all_told, members, training_loaders

CODE = "dist.sampler"
SURELY_SHARED = 0.9
"""Ranks that have this part of their rows in common see the same data."""
TIMES_EXPECTED = 0.5
"""Of independent draws from all of the data, this part of the overlap that chance gives is enough to tell."""
FEWEST_ROWS = 4
FEWEST_DIFFERENT = 0.4
"""Where fewer of a rank's own rows differ, equal rows say nothing of its share."""


def judge(evidence: Evidence) -> Judgement:
    """The same rows, rows of one rank's training in another's evaluation, and an order that stays."""
    ranks = members(evidence)
    if len(ranks) < 2 or not all_told(ranks, "rows"):
        return could_not_tell("whether every rank sees its own share of the data: a rank ended before it could tell")
    found = [*_shared(ranks), *_fixed_order(ranks), *_crossed(ranks)]
    if found:
        return fault(*found)
    if not all(rank["rows"]["train"] for rank in ranks):
        return could_not_tell("whether every rank sees its own share of the data: no tensor of rows was seen")
    if any(_repeats(rank["rows"]["train"]) for rank in ranks):
        return could_not_tell("whether every rank sees its own share of the data: most of its rows are alike")
    least = min(len(set(rank["rows"]["train"])) for rank in ranks)
    return fine(f"{len(ranks)} ranks train on rows of their own ({least} of each were looked at)")


def _shared(ranks: Sequence[Mapping[str, Any]]) -> Iterator[FindingDraft]:
    if any(_repeats(rank["rows"]["train"]) for rank in ranks[:2]):
        return  # rows that are alike by nature are common to all
    first, second = (set(rank["rows"]["train"]) for rank in ranks[:2])
    common, fewest = len(first & second), min(len(first), len(second))
    if fewest < FEWEST_ROWS:
        return
    loader = next(iter(training_loaders(ranks[1])), None)
    sharded = loader is not None and (loader["replicas"] or 0) > 1
    items = (loader or {}).get("items")
    by_chance = fewest / items if items else 1.0
    all_of_it = loader is not None and loader["drawn"] == items and not sharded
    if common / fewest >= SURELY_SHARED or (
        all_of_it and common >= FEWEST_ROWS and common / fewest >= TIMES_EXPECTED * by_chance
    ):
        yield FindingDraft(
            CODE,
            Severity.ERROR,
            f"ranks 0 and 1 train on the same rows: {common} of {fewest} that were looked at are common to both",
            ({"common": common, "of": fewest, "sampler": None if loader is None else loader["sampler"]},),
            None if loader is None else loader["file"],
            None if loader is None else loader["line"],
            "give the loader a DistributedSampler, or each rank its own part of the data",
        )


def _repeats(rows: Sequence[int]) -> bool:
    return len(set(rows)) < FEWEST_DIFFERENT * len(rows)


def _fixed_order(ranks: Sequence[Mapping[str, Any]]) -> Iterator[FindingDraft]:
    for loader in training_loaders(ranks[0]):
        epochs = loader["epochs"]
        if loader["shuffle"] and len(epochs) > 1 and len(set(epochs)) == 1:
            yield FindingDraft(
                CODE,
                Severity.ERROR,
                f"the sampler's epoch stays {epochs[0]}: every epoch has the same order and the same shares",
                ({"epochs": list(epochs), "sampler": loader["sampler"]},),
                loader["file"],
                loader["line"],
                "call sampler.set_epoch(epoch) at the beginning of every epoch",
            )


def _crossed(ranks: Sequence[Mapping[str, Any]]) -> Iterator[FindingDraft]:
    """What one rank trains on, another evaluates on: they split the data differently."""
    for here in ranks:
        for other in ranks:
            trained, evaluated = set(here["rows"]["train"]), set(other["rows"]["eval"])
            common = len(trained & evaluated)
            own = len(set(other["rows"]["train"]) & evaluated)
            if here is not other and common >= FEWEST_ROWS and common >= 0.05 * len(evaluated) and not own:
                yield FindingDraft(
                    "data.leak.overlap",
                    Severity.ERROR,
                    f"rank {here['rank']} trains on rows that rank {other['rank']} evaluates on: {common} of"
                    f" {len(evaluated)}; the ranks split the data differently",
                    ({"common": common, "of": len(evaluated)},),
                    None,
                    None,
                    "split with the same seed on every rank",
                )
                return


RANK_DATA = Check(
    name="dist.sampler",
    codes=(CODE, "data.leak.overlap"),
    rung=RungName.REHEARSAL,
    question="Does every rank see its own share of the data, in another order each epoch?",
    needs=(RANKS,),
    uses=("torch",),
    evidence="hashes of the rows that each rank's model was given, and the epochs that its sampler was told",
    fix="DistributedSampler, and set_epoch at the beginning of every epoch",
    judge=judge,
)
