"""Whether what was learned from the data, before the training, was learned from evaluation rows too."""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine

CODE = "data.leak.preprocessing"
FITS, INTERFERENCE = "observed.fits", "observed.interference"
LEAST_SHARE = 0.3
"""Of the evaluated rows: fewer may be equal rows by chance."""


def _judge(evidence: Evidence) -> Judgement:
    fits, again = evidence.reports[FITS], evidence.reports[INTERFERENCE]
    told = [one for one in fits.get("found", ()) if one["learned"] >= LEAST_SHARE * one["evaluated"]]
    if told:
        return fault(*_merged([_of_fit(one, evidence) for one in told]))
    what = next((what for what in ("labels", "values") if (again.get(what) or {}).get("changed")), None)
    if what is not None:
        return fault(_of_rerun(again, what, evidence))
    if again.get("raw"):
        return fine("the training rows are raw rows: no preparation can have learned from evaluation rows")
    if again.get("values") and again.get("labels"):
        return fine(
            f"the training rows stay bit-identical when the {again['places']} raw rows that are evaluated are changed"
        )
    if fits.get("fits"):
        return fine(f"none of {fits['fits']} fits of transformers saw an evaluation row")
    return could_not_tell(f"whether the preparation learned from evaluation rows: {again.get('could_not', 'unknown')}")


def _of_fit(one: Json, evidence: Evidence) -> FindingDraft:
    fitted, evaluated = one["fitted_at"] or {}, one["evaluated_at"] or {}
    file, line = evidence.shown(fitted.get("file", "?")), fitted.get("line")
    where = f"{evidence.shown(evaluated.get('file', '?'))}:{evaluated.get('line')}"
    rows = (
        {"file": file, "line": line, "text": one["text"], "fitted_rows": one["fit_rows"]},
        {"file": evidence.shown(evaluated.get("file", "?")), "line": evaluated.get("line"),
         "evaluated_rows": one["evaluated"], "of_them_fitted": one["learned"]},
    )  # fmt: skip
    if one["how"] == "again":
        words = f"{one['kind']} is fitted anew on the {one['learned']} rows that are evaluated at {where}"
        fix = "only transform them, with what was learned from the training rows"
    else:
        words = (
            f"{one['kind']} is fitted on {one['fit_rows']} rows, {one['learned']} of the {one['evaluated']} rows "
            f"that are evaluated at {where} among them"
        )
        words += ", and it learns from their labels" if one["supervised"] else ""
        fix = "fit it on the training rows only, for instance in a Pipeline"
    severity = Severity.ERROR if one["supervised"] else Severity.WARNING
    return FindingDraft(CODE, severity, words, rows, file, line, fix)


def _merged(findings: list[FindingDraft]) -> list[FindingDraft]:
    """One finding for each line that fits."""
    return list({(one.file, one.line): one for one in reversed(findings)}.values())[::-1]


def _of_rerun(again: Json, what: str, evidence: Evidence) -> FindingDraft:
    place, changed = again["place"] or {}, again[what]
    file, line = evidence.shown(place.get("file", "?")), place.get("line")
    loaded = again["loaded_at"] or {}
    severity = Severity.ERROR if what == "labels" else Severity.WARNING
    return FindingDraft(
        CODE, severity,
        f"the training data is made with evaluation rows: with only the {what} of the {again['places']} raw rows "
        f"changed that are evaluated, {changed['changed']} of {changed['rows']} training rows come out different",
        ({"file": file, "line": line, "text": again["text"]},
         {"file": evidence.shown(loaded.get("file", "?")), "line": loaded.get("line"), "source": again["source"]},
         {"changed": what, "evaluated_raw_rows": again["places"], "training_rows_changed": changed["changed"]}),
        file, line, "split first, and learn means, scales, encodings and selections from the training rows only",
    )  # fmt: skip


PREPROCESSING = Check(
    name="data.leak.preprocessing.rows",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Did scalers, encoders or selectors learn from evaluation rows?",
    needs=(FITS, INTERFERENCE),
    uses=("numpy",),
    evidence="the line of the fit, and how many evaluated rows it was given; or training rows that change with them",
    fix="fit on the training rows only",
    judge=_judge,
)
