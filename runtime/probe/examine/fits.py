"""Which rows transformers were fitted on, and whether those rows were evaluated later.

A transformed row remembers the row that it was made from, so an evaluated row is followed back through every
transformer to what each of them had learned from. Only outermost calls count: what a pipeline fits inside itself it
fits on the rows that it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .estimator_events import FITS, Used
from .examiner import Examiner
from .ledger import ledger_of
from .naming import text_at
from .observer import Observer, Place
from .rows import hashes, matrix
from .sets import Evaluation, Side

MOST_LINKS = 600_000
MOST_FITS = 100
LOOKS_AT_NO_VALUES = {"OneHotEncoder", "OrdinalEncoder", "LabelEncoder", "LabelBinarizer", "MultiLabelBinarizer"}
LOOKS_AT_NO_VALUES |= {"CountVectorizer", "DictVectorizer"}
"""They learn only what values there are."""
NOT_LEARNED = {"n_features_in_", "feature_names_in_", "n_output_features_", "n_features_out_"}
SUPERVISED = ("Select", "RFE", "Target", "LinearDiscriminant", "Neighborhood", "SequentialFeature")


@dataclass(eq=False)
class Fit:
    """One fit of a transformer."""

    number: int
    kind: str
    place: Place | None
    rows: set[int]
    supervised: bool
    again: bool
    """The same object had been fitted before."""


class Fits(Observer):
    """Follows rows through transformers."""

    name = "fits"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._fits: list[Fit] = []
        self._latest: dict[int, Fit] = {}
        self._links: dict[int, tuple[Fit, int]] = {}
        self._searches: list[tuple[set[int], str, Place | None]] = []
        self._found: list[dict[str, Any]] = []

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment != "after" or used.kind not in ("estimator", "search"):
            return
        if used.kind == "search":
            rows = matrix(used.data)
            if rows is not None and len(self._searches) < MOST_FITS:
                place = self.examiner.place()
                self._searches.append((set(hashes(rows).tolist()), used.name, place))
        elif hasattr(used.owner, "transform") and not hasattr(type(used.owner), "predict"):
            self._transformer(used)

    def _transformer(self, used: Used) -> None:
        rows = matrix(used.data)
        if rows is None:
            return
        found, number = hashes(rows), ledger_of(self.examiner).number(used.owner)
        if used.name in FITS and len(self._fits) < MOST_FITS:
            fit = Fit(
                number, type(used.owner).__name__, self.examiner.place(), set(found.tolist()),
                used.labels is not None and type(used.owner).__name__.startswith(SUPERVISED), number in self._latest,
            )  # fmt: skip
            self._latest[number] = fit
            if _learns(used.owner):
                self._fits.append(fit)
        if used.name in ("transform", "fit_transform") and number in self._latest:
            self._link(self._latest[number], found, matrix(used.result))

    def _link(self, fit: Fit, before: Any, result: Any) -> None:
        if result is None or len(result) != len(before) or len(self._links) > MOST_LINKS:
            return
        for out, came_from in zip(hashes(result).tolist(), before.tolist()):
            if out != came_from:
                self._links[out] = fit, came_from

    # -- the end -----------------------------------------------------------------------------------------------------

    def at_end(self) -> None:
        ledger = ledger_of(self.examiner)
        for evaluation in ledger.evaluations.values():
            if evaluation.training is not None and evaluation.called != "train" and self._fits:
                self._behind(evaluation, evaluation.training)
        for rows, name, place in self._searches:
            for fit in self._fits_behind(rows):
                self._tell(fit, rows, place, name, "search")

    def _behind(self, evaluation: Evaluation, training: Side) -> None:
        evaluated = set(evaluation.side.inputs.hashes.tolist())
        trained = set(training.inputs.hashes.tolist())
        if len(evaluated & trained) > len(evaluated) / 2:
            return  # training rows: what there is to say, the ledger says
        made_training = self._fits_behind(trained)
        for fit in made_training:
            self._tell(fit, evaluated, evaluation.place, evaluation.method, "before")
        for fit in self._fits_behind(evaluated):
            if fit.again and fit not in made_training:
                self._tell(fit, evaluated, evaluation.place, evaluation.method, "again")

    def _fits_behind(self, rows: Iterable[int]) -> list[Fit]:
        """The fits that some of these rows went through."""
        sample = list(rows)
        found = {fit for row in sample[:: max(1, len(sample) // 200)] for fit, _ in self._way_back(row)}
        return [fit for fit in self._fits if fit in found]

    def _way_back(self, row: int) -> Iterator[tuple[Fit, int]]:
        for _ in range(12):
            link = self._links.get(row)
            if link is None:
                return
            yield link
            row = link[1]

    def origin(self, row: int) -> int:
        """The row that a row was made from, before any transformer."""
        way = list(self._way_back(row))
        return way[-1][1] if way else row

    def _tell(self, fit: Fit, evaluated: set[int], place: Place | None, method: str, how: str) -> None:
        learned = sum(
            1 for row in evaluated if row in fit.rows or any(came in fit.rows for _, came in self._way_back(row))
        )
        if not learned:
            return
        self._found.append(
            {
                "how": how,
                "kind": fit.kind,
                "supervised": fit.supervised,
                "learned": learned,
                "evaluated": len(evaluated),
                "fit_rows": len(fit.rows),
                "fitted_at": fit.place.as_json() if fit.place else None,
                "text": text_at(fit.place.file, fit.place.line) if fit.place else "",
                "evaluated_at": place.as_json() if place else None,
                "method": method,
            }
        )

    def report(self) -> dict[str, Any] | None:
        if not self._fits:
            return None
        return {"found": self._found[:50], "fits": len(self._fits)}


def _learns(estimator: Any) -> bool:
    """Whether a fit took anything from the rows' values."""
    learned = {name for name in vars(estimator) if name.endswith("_") and not name.startswith("_")} - NOT_LEARNED
    return bool(learned or _keeps_inside(estimator)) and type(estimator).__name__ not in LOOKS_AT_NO_VALUES


def _keeps_inside(estimator: Any) -> bool:
    return type(estimator).__name__ in ("TfidfVectorizer", "PowerTransformer", "Pipeline", "ColumnTransformer")
