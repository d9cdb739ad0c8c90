"""Whether evaluation texts stand word for word, whole or in large parts, in the training texts.

Invariant: texts that repeat one another among the training texts as well are what such data is like, and told only.
"""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "data.leak.overlap"
TEXTS = "observed.texts"
FEWEST = 3
LEAST_SHARE, SURE_SHARE, LARGE_SHARE = 0.02, 0.05, 0.15
"""From the last on it matters whatever the training texts are like."""
TOKEN_SHARE = 0.2
"""The same for windows of one text, which repeats itself."""


def _judge(evidence: Evidence) -> Judgement:
    question = "whether evaluation texts are copies of training texts"
    why = why_not(evidence, TEXTS, question)
    if why is not None:
        return could_not_tell(f"{question}: no texts were seen" if "nothing was" in why else why)
    everything = evidence.reports[TEXTS]["evaluations"]
    sure = {(one["file"], one["line"]): one for one in everything if _is_sure(one)}
    if sure:
        return fault(*(_finding(one, Severity.ERROR, evidence) for one in sure.values()))
    some = {(one["file"], one["line"]): one for one in everything if _share(one) >= LEAST_SHARE}
    if some:
        return ask(*(_finding(one, Severity.INFO, evidence) for one in some.values()))
    most = max(everything, key=_share)
    return fine(
        f"{most['copies']} of {most['texts']} evaluation texts are copies, of {most['training_texts']} training texts"
    )


def _share(one: Json) -> float:
    return float(one["copies"]) / one["texts"] if one["copies"] >= FEWEST else 0.0


def _is_sure(one: Json) -> bool:
    share, among = _share(one), one["among_training"]
    if among is None:
        return share >= TOKEN_SHARE
    return share >= LARGE_SHARE or (share >= SURE_SHARE and float(among) < share / 2)


def _finding(one: Json, severity: Severity, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(one["file"])
    unit = "words" if one["kind"] == "documents" else "tokens"
    like = ""
    if one["among_training"] is not None:
        like = f"; of the training texts themselves {one['among_training']:.0%} stand in others so"
    numbers = {key: value for key, value in one.items() if key != "file"}
    return FindingDraft(
        CODE, severity,
        f"{one['copies']} of {one['texts']} evaluation texts stand to a large part in the {one['training_texts']} "
        f"training texts, in runs of {one['run']} {unit}{like}",
        ({"file": file, **numbers},), file, one["line"],
        "split by document or source, and take copies out before the split",
    )  # fmt: skip


TEXT_COPIES = Check(
    name="data.leak.overlap.texts",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Do evaluation texts stand in the training texts?",
    needs=(TEXTS,),
    uses=("numpy",),
    evidence="counts, the shares of runs that are shared, and the beginnings of some texts",
    fix="split by document or source",
    judge=_judge,
)
