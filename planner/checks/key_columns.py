"""Whether one entity is on both sides of the split, or the future in the training data."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Answer, Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

GROUP, TEMPORAL = "data.leak.group", "data.leak.temporal"
KEYS, WINDOWS = "observed.keys", "observed.windows"
MOSTLY = 0.5
SERIES = 0.5
"""From this likeness of following labels on, rows of a time tell about the rows beside them."""
ENTITIES = ("group", "patient", "subject", "speaker", "person", "participant", "animal")
CONSTANT = 0.9
LATER = 0.2
OVERLAPPING = 0.3


def _judge(evidence: Evidence) -> Judgement:
    keys, windows = evidence.reports[KEYS].get("columns", ()), evidence.reports[WINDOWS].get("evaluations", ())
    found = [finding for one in keys if (finding := _of_key(one, evidence)) is not None]
    moved = {(one["file"], one["line"]): one for one in windows if one["overlap"] > OVERLAPPING * one["rows"]}
    found += [_of_windows(one, evidence) for one in moved.values()]
    if any(one.severity is not Severity.INFO for one in found):
        return fault(*found)
    if found:
        return Judgement(Answer.ASK, tuple(found))
    why = why_not(evidence, KEYS, "whether the split separates entities and times")
    if why is not None:
        return could_not_tell("whether the split separates entities and times: no column that names them was seen")
    names = ", ".join(dict.fromkeys(str(one["name"]) for one in keys))
    return fine(f"the split separates what {names} tells apart")


def _of_key(one: Json, evidence: Evidence) -> FindingDraft | None:
    return _of_group(one, evidence) if one["kind"] == "group" else _of_time(one, evidence)


def _of_group(one: Json, evidence: Evidence) -> FindingDraft | None:
    if one["rows"] < MOSTLY * one["evaluated"]:
        return None
    constant = one["constant_label"]
    is_entity = any(word in str(one["name"]).lower() for word in ENTITIES)
    severity = Severity.INFO
    if constant is not None and constant >= CONSTANT:
        severity = Severity.ERROR
    elif is_entity:
        severity = Severity.WARNING
    file = evidence.shown(one["file"])
    return FindingDraft(
        GROUP, severity,
        f"{one['rows']} of {one['evaluated']} evaluation rows have a {one['name']} that is among the training rows "
        f"too ({one['shared']} of {one['groups']} are on both sides)",
        ({**one, "file": file},), file, one["line"], f"split by {one['name']}, as GroupKFold or GroupShuffleSplit do",
    )  # fmt: skip


def _of_time(one: Json, evidence: Evidence) -> FindingDraft | None:
    if one["later"] < LATER:
        return None
    is_series = one["alike"] is not None and one["alike"] > SERIES
    file = evidence.shown(one["file"])
    return FindingDraft(
        TEMPORAL, Severity.ERROR if is_series else Severity.INFO,
        f"{one['later']:.0%} of the training rows are later than half of the evaluation rows, by {one['name']}"
        + (f", and labels that follow one another are alike ({one['alike']:.2f})" if is_series else ""),
        ({**one, "file": file},), file, one["line"], "train on what is earlier and evaluate on what is later",
    )  # fmt: skip


def _of_windows(one: Json, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(one["file"])
    return FindingDraft(
        TEMPORAL, Severity.ERROR,
        f"{one['overlap']} of {one['rows']} evaluation rows are training rows moved by {one['shift']}: windows of one "
        f"series that overlap stand on both sides of the split",
        ({**one, "file": file},), file, one["line"], "split the series in time first, and cut windows from each side",
    )  # fmt: skip


KEY_COLUMNS = Check(
    name="data.leak.group.columns",
    codes=(GROUP, TEMPORAL),
    rung=RungName.OVERFIT,
    question="Does the split keep entities and times apart?",
    needs=(KEYS, WINDOWS),
    uses=("numpy",),
    evidence="the column, how many evaluation rows share its values with training rows, or how many are older",
    fix="split by entity, or in time",
    judge=_judge,
)
