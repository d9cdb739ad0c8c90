"""Whether evaluation rows were used to choose a configuration, a threshold or a model."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .rows_read import why_not

CODE = "eval.selection"
SELECTION = "observed.selection"
MANY = 5


def _judge(evidence: Evidence) -> Judgement:
    why = why_not(evidence, SELECTION, "whether evaluation rows chose anything")
    if why is not None:
        return could_not_tell("whether evaluation rows chose anything: no evaluation was seen")
    report = evidence.reports[SELECTION]
    found = [_searched(one, evidence) for one in report["searches"]]
    chosen = {(one["file"], one["line"]): one for one in report["looks"] if _chooses(one)}
    found += [_looked(one, evidence) for one in chosen.values()]
    if found:
        return fault(*found)
    most = max((one["count"] for one in report["looks"]), default=1)
    return fine(f"nothing was seen to be chosen by a test (at most {most} models or thresholds on the same rows)")


def _chooses(one: Json) -> bool:
    return bool(one["count"] >= MANY and one["chooses"] and one["says_test"])


def _searched(one: Json, evidence: Evidence) -> FindingDraft:
    at = one["searched_at"] or {"file": "?", "line": None}
    file = evidence.shown(at["file"])
    return FindingDraft(
        CODE, Severity.ERROR,
        f"{one['kind']} chose its configuration with {one['shared']} of the {one['rows']} rows that are evaluated at "
        f"{evidence.shown(one['file'])}:{one['line']}",
        ({"file": file, "line": at["line"], **{key: one[key] for key in ("kind", "shared", "rows")}},
         {"file": evidence.shown(one["file"]), "line": one["line"]}),
        file, at["line"], "search on the training rows, and keep the test rows for the end",
    )  # fmt: skip


def _looked(one: Json, evidence: Evidence) -> FindingDraft:
    file = evidence.shown(one["file"])
    return FindingDraft(
        CODE, Severity.WARNING,
        f"{one['count']} models or thresholds are evaluated on the same test rows, and one is chosen "
        f"({', '.join(one['chooses'])})",
        ({**one, "file": file},), file, one["line"], "choose by validation rows, and evaluate the test rows once",
    )  # fmt: skip


SELECTED = Check(
    name="eval.selection",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Did evaluation rows choose a configuration or a threshold?",
    needs=(SELECTION,),
    uses=("numpy",),
    evidence="how many models or thresholds were scored on the same rows, and the words that choose",
    fix="choose by validation rows",
    judge=_judge,
)
