"""How many of the rows that were set aside for an evaluation were really evaluated.

Invariant: a pass that the examination itself cut short is not judged.
"""

from __future__ import annotations

from typing import Any

from .estimator_events import Used
from .examiner import Examiner
from .fits import Fits
from .ledger import MOST_EVALUATIONS, ledger_of
from .naming import text_at
from .observer import Observer, Place
from .rows import hashes, matrix
from .sets import Evaluation, Pass


class Coverage(Observer):
    """Counts rows of loaders and of the parts of splits."""

    name = "coverage"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._parts: list[tuple[Any, Place | None]] = []
        """The rows of every part of a split, as hashes."""
        self._found: list[dict[str, Any]] = []

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment != "split" or used.indices is None or len(self._parts) > 20:
            return
        for part in used.result[: len(used.indices)]:
            rows = matrix(part)
            if rows is not None and rows.shape[1] > 1:
                self._parts.append((hashes(rows).tolist(), self.examiner.place()))

    def at_end(self) -> None:
        ledger = ledger_of(self.examiner)
        if len(ledger.evaluations) >= MOST_EVALUATIONS:
            return  # not all of them are known
        for evaluation in ledger.evaluations.values():
            if evaluation.called == "train" or not evaluation.passes:
                continue
            if evaluation.loader is not None:
                self._of_loader(evaluation)
            elif evaluation.method != "model":
                self._of_split(evaluation)

    def _of_loader(self, evaluation: Evaluation) -> None:
        loader, fullest = evaluation.loader, max(evaluation.passes, key=lambda one: one.rows)
        try:
            planned = len(loader.sampler)
        except (AttributeError, TypeError):
            return
        if any(_is_cut(one) for one in evaluation.passes) or fullest.rows > planned:
            return
        why = "drop_last" if getattr(loader, "drop_last", False) else "left"
        self._note(evaluation, fullest.rows, planned, why if fullest.rows < planned else "", None)

    def _of_split(self, evaluation: Evaluation) -> None:
        """Of an estimator's evaluation: the part of a split that it is most of."""
        fits = next(one for one in self.examiner.observers if isinstance(one, Fits))
        evaluated = [fits.origin(one) for one in evaluation.side.inputs.hashes.tolist()]
        different = set(evaluated)
        for part, place in self._parts:
            whole = {fits.origin(one) for one in part}
            if different and different <= whole and 2 * len(different) >= len(whole):
                left = whole - different - self._used_elsewhere(fits, evaluation)
                first = [fits.origin(one) for one in part][: len(evaluated)] == evaluated
                why = "" if not left else "first" if first else "filtered"
                self._note(evaluation, len(whole) - len(left), len(whole), why, place)
                return

    def _used_elsewhere(self, fits: Fits, evaluation: Evaluation) -> set[int]:
        ledger = ledger_of(self.examiner)
        sides = [one.side for one in ledger.evaluations.values() if one is not evaluation]
        sides += list(ledger.trainings.values())
        return {fits.origin(one) for side in sides for one in side.inputs.hashes.tolist()}

    def _note(self, evaluation: Evaluation, rows: int, planned: int, why: str, split: Place | None) -> None:
        file, line = evaluation.lines[0] if evaluation.lines else ("", 0)
        self._found.append(
            {
                "rows": rows, "planned": planned, "why": why, "file": file, "line": line, "text": text_at(file, line),
                "split_at": split.as_json() if split else None, "called": evaluation.called,
            }
        )  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"evaluations": self._found[:100]} if self._found else None


def _is_cut(one: Pass) -> bool:
    """Whether the examination may have ended a loop that the pass ran in; frameworks' loops have limits of theirs."""
    for node in one.nodes:
        if node.site is None or node.site.kind == "framework" or "site-packages" in node.site.file:
            return True
        while node is not None and node.site is not None:
            if node.cut and node.role in ("eval", "plain", "train"):
                return True
            node = node.parent
    return not one.nodes
