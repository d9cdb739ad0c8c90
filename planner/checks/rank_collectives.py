"""Do all ranks make the same collectives, and does none wait for ever? Read from the flight recorder and stacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...store.records import RungName, Severity
from ..diagnosis.hypothesis import Hypothesis
from ..diagnosis.ranks.of_report import rank_facts
from ..diagnosis.ranks.verdict import of_ranks
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rank_reports import RANKS, all_told, members

_UNUSED = re.compile(r"Expected to have finished reduction")
_NAMED = re.compile(r"did not receive grad for rank \d+: (.{1,200})")
_OWN_LINE = re.compile(r" (?:at|collective,|file,|code,|loader,) ?(?:\S* )?(\S+):(\d+)")


def judge(evidence: Evidence) -> Judgement:
    """Every difference is an error: what does not hang now gives wrong numbers."""
    ranks = members(evidence)
    unused = next((one for one in ranks if _UNUSED.search(str((one.get("crash") or {}).get("message")))), None)
    if unused is not None:
        return fault(_unused(unused, evidence))
    found = of_ranks(rank_facts(evidence.reports[RANKS]))
    if found:
        return fault(*(_finding(one, evidence) for one in found))
    if (lengths := _lengths(ranks)) is not None:
        return fault(lengths)
    if not all_told(ranks, "collectives"):
        return could_not_tell("whether the collectives of the ranks are paired: a rank ended before it could tell")
    counts = {len(one["collectives"]) for one in ranks}
    if counts == {0}:
        return could_not_tell("whether the collectives of the ranks are paired: this torch records none")
    return fine(f"{len(ranks)} ranks made the same {max(counts)} collectives, call site by call site")


def _finding(one: Hypothesis, evidence: Evidence) -> FindingDraft:
    rows = tuple({"rank_says": quote.text} for quote in one.quotes)
    place = next((found for quote in one.quotes if (found := _OWN_LINE.search(quote.text))), None)
    return FindingDraft(
        one.code,
        Severity.ERROR,
        one.what,
        ({"ranks": list(one.ranks), "lies_in": str(one.lies_in)}, *rows),
        None if place is None else place[1],
        None if place is None else int(place[2]),
        one.measures[0].remedy,
    )


def _unused(rank: Mapping[str, Any], evidence: Evidence) -> FindingDraft:
    crash = rank["crash"]
    named = _NAMED.search(crash["message"])
    which = f": {named[1]}" if named else ""
    return FindingDraft(
        "dist.unused",
        Severity.ERROR,
        f"a step ended with parameters that got no gradient, so the ranks cannot go on{which}",
        ({"rank": rank["rank"], "raised": crash["message"][:500]},),
        crash.get("file"),
        crash.get("line"),
        "leave out what the loss does not reach, or use it; find_unused_parameters=True where that changes by the step",
    )


def _lengths(ranks: Any) -> FindingDraft | None:
    """A loop that trains and is longer on one rank: the cutting hides the wait at its end."""
    places: dict[tuple[str, int], dict[int, float]] = {}
    for one in ranks:
        for loop in one.get("loops") or ():
            if loop["planned"] is not None:
                places.setdefault((loop["file"], loop["line"]), {})[one["rank"]] = loop["planned"]
    for (file, line), planned in places.items():
        if len(set(planned.values())) > 1:
            least = min(planned, key=lambda rank: planned[rank])
            return FindingDraft(
                "dist.hang",
                Severity.ERROR,
                f"the ranks have different numbers of batches ({', '.join(f'{n:g}' for n in planned.values())}): at the"
                f" end of the loop the others wait for rank {least}",
                ({"ranks": [least], "lies_in": "code", "batches": {str(r): n for r, n in planned.items()}},),
                file,
                line,
                "give every rank the same number of batches: DistributedSampler, drop_last, or join()",
            )
    return None


RANK_COLLECTIVES = Check(
    name="dist.mispaired",
    codes=("dist.mispaired", "dist.hang", "dist.unused", "loader.deadlock"),
    rung=RungName.REHEARSAL,
    question="Do all ranks make the same collectives, and does none wait for ever?",
    needs=(RANKS,),
    uses=("torch",),
    evidence="each rank's calls by number, kind, shape and call site; the stacks of all ranks where they stand still",
    fix="let every rank take the same branches around collectives",
    judge=judge,
)
