"""Whether evaluation rows are near copies of training rows, more than the rows' own dimensions let expect."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "data.leak.overlap"
NEARNESS = "observed.nearness"
ERROR_SHARE, ASK_SHARE = 0.08, 0.02
FEWEST = 5
BEYOND_CHANCE = 4.0
SAME_LABEL = 0.9


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, NEARNESS, "whether evaluation rows are near copies of training rows")
    if why is not None:
        return could_not_tell(why)
    everything = evidence.reports[NEARNESS]["evaluations"]
    found = {(one["file"], one["line"]): one for one in everything if _copies(one) > ASK_SHARE}
    sure = [one for one in found.values() if _copies(one) >= ERROR_SHARE]
    if sure:
        return fault(*(_finding(one, Severity.ERROR, evidence) for one in sure))
    if found:
        return ask(*(_finding(one, Severity.INFO, evidence) for one in found.values()))
    most = max(everything, key=lambda one: int(one["near"]))
    return fine(f"{most['near']} of {most['rows']} evaluation rows are near copies of a training row")


def _copies(one: Json) -> float:
    """The share of near copies, where they are more than chance brings and agree in their labels."""
    share = float(one["near"]) / one["rows"]
    if one["near"] < FEWEST or share < BEYOND_CHANCE * one["by_chance"] + 0.01:
        return 0.0
    agrees = one["same_label"] is None or one["same_label"] >= SAME_LABEL * one["near"]
    return share if agrees else 0.0


def _finding(one: Json, severity: Severity, evidence: Evidence) -> FindingDraft:
    how = ", ".join(f"{count} {name}" for name, count in sorted(one["how"].items(), key=lambda pair: -pair[1]))
    file = evidence.shown(one["file"])
    row = {key: one[key] for key in ("line", "text", "rows", "near", "by_chance", "how", "train_rows", "examples")}
    return FindingDraft(
        CODE, severity,
        f"{one['near']} of {one['rows']} evaluation rows are less than half as far from one of {one['train_rows']} "
        f"training rows as from the next ({how}); {one['by_chance'] * one['rows']:.0f} would be by chance",
        ({"file": file, **row},), file, one["line"],
        "split before rows are copied, varied or augmented, and keep variants of one row on one side",
    )  # fmt: skip


NEAR_ROWS = Check(
    name="data.leak.overlap.near",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Are there near copies of training rows among the evaluation rows?",
    needs=(NEARNESS,),
    uses=("numpy",),
    evidence="counts, how they were found, examples with the ratio of the two smallest distances",
    fix="split before rows are varied or augmented",
    judge=_judge,
)
