"""Whether what was learned from the data, before the training, was learned from evaluation rows too."""

from __future__ import annotations

import math
from dataclasses import replace

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine

CODE = "data.leak.preprocessing"
FITS, INTERFERENCE = "observed.fits", "observed.interference"
SURE, LIKELY, LEAST_EFFECT = 4.0, 2.0, 0.03
"""Above chance by so many standard errors and so much more, a score is no accident."""
LEAST_SHARE = 0.3
"""Of the evaluated rows: fewer may be equal rows by chance."""


def _judge(evidence: Evidence) -> Judgement:
    fits, again = evidence.reports[FITS], evidence.reports[INTERFERENCE]
    effect, shuffled = _effect(again.get("shuffled")), again.get("shuffled")
    told = [one for one in fits.get("found", ()) if one["learned"] >= LEAST_SHARE * one["evaluated"]]
    if told:
        return fault(*_merged([_with(_of_fit(one, evidence), effect, shuffled) for one in told]))
    what = next((what for what in ("labels", "values") if (again.get(what) or {}).get("changed")), None)
    if what is not None:
        return fault(_with(_of_rerun(again, what, evidence), effect, shuffled))
    if shuffled is not None and _learns_shuffled(shuffled):
        return fault(_of_shuffled(shuffled))
    if again.get("raw"):
        return fine("the training rows are raw rows: no preparation can have learned from evaluation rows")
    if again.get("values") and again.get("labels"):
        return fine(
            f"the training rows stay bit-identical when the {again['places']} raw rows that are evaluated are changed"
        )
    if fits.get("fits"):
        return fine(f"none of {fits['fits']} fits of transformers saw an evaluation row")
    return could_not_tell(f"whether the preparation learned from evaluation rows: {again.get('could_not', 'unknown')}")


def _learns_shuffled(one: Json, sure: float = SURE) -> bool:
    error = math.sqrt(one["chance"] * (1 - one["chance"]) / one["rows"])
    return bool(one["shuffled"] > one["chance"] + sure * error + LEAST_EFFECT)


def _effect(one: Json | None) -> str:
    """What the leak does to the score, in words."""
    if one is None:
        return ""
    words = f"; with every label put on another row the program still scores {one['shuffled']:.3f} (chance "
    words += f"{one['chance']:.3f}, with the real labels {one['real']:.3f}): "
    if _learns_shuffled(one):
        return words + "this much comes through the leak"
    likely = _learns_shuffled(one, LIKELY)
    return words + ("some of it may come through the leak" if likely else "no effect beyond the noise was seen")


def _with(finding: FindingDraft, effect: str, shuffled: Json | None) -> FindingDraft:
    """The finding with its measured effect."""
    if shuffled is None:
        return finding
    return replace(finding, message=finding.message + effect, evidence=(*finding.evidence, {"effect": shuffled}))


def _of_shuffled(one: Json) -> FindingDraft:
    return FindingDraft(
        CODE, Severity.ERROR,
        f"shuffled labels are learned on held-out rows: with every label put on another row, {one['rows']} rows that "
        f"are held out still score {one['shuffled']:.3f}, and guessing {one['chance']:.3f}",
        ({"effect": one},), None, None,
        "split first, and learn encodings and selections from the labels of the training rows only",
    )  # fmt: skip


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
