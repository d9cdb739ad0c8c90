"""What a run reached, against the numbers of the paper that its experiment follows.

Invariant: numbers of different splits are never compared; a number of the test split is computed here from predictions,
and the verdict is that of :mod:`.claims`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..runtime.test_reading import already_read, predictions_of
from ..store import Store
from ..store.records import Run
from .briefs import followed
from .claims.gather import Gatherer
from .claims.verdict import Answer, Verdict, judge
from .reading.brief import Target
from .verification import likelihoods, metric_names
from .verification.predictions import PredictionsError, definitions, fitting, read

TEST = "test"


@dataclass(frozen=True, slots=True)
class Reached:
    """One number of the paper, and what there is to hold against it."""

    target: Target
    value: float | None
    """In the target's unit; ``None`` where there is nothing that may be compared."""
    rows: int | None
    """Rows that the value was computed from, where it was."""
    runs: tuple[int, ...]
    verdict: Verdict | None
    why_not: str | None
    """Why nothing is compared."""
    beside: tuple[tuple[str, float], ...] = ()
    """Numbers of other splits, in the target's unit; they are no answer."""

    @property
    def difference(self) -> float | None:
        """How far the value is above the paper's, in its unit."""
        return None if self.value is None else self.value - self.target.value

    @property
    def is_within_spread(self) -> bool | None:
        """Whether it is as near as the paper's own spread; ``None`` where the paper tells none."""
        if self.difference is None or self.target.spread is None:
            return None
        return abs(self.difference) <= self.target.spread

    @property
    def row_weighs(self) -> float | None:
        """How much one row more or less would change a share of rows, in the target's unit."""
        if self.rows is None or _definition(self.target) not in ("accuracy", "error"):
            return None
        return (100.0 if self.target.unit == "%" else 1.0) / self.rows


def against_paper(store: Store, run: Run, gatherer: Gatherer | None = None) -> tuple[Reached, ...] | None:
    """Each number that the paper reports; ``None`` where the experiment follows no paper."""
    checklist = followed(store, store.experiments.get(run.experiment_id))
    if checklist is None:
        return None
    looking = _Looking(store, run, gatherer or Gatherer(store))
    return tuple(looking.at(target) for target in checklist.settled().targets)


@dataclass(slots=True)
class _Looking:
    store: Store
    run: Run
    gatherer: Gatherer

    def at(self, target: Target) -> Reached:
        split = (target.split or TEST).lower()
        beside = tuple(self._beside(target, split))
        printed = self._printed(target, split)
        if printed is not None:
            verdict = judge(self.gatherer.reached(self.run, printed, target.value))
            value = _in_unit(self.store.metrics.last(self.run.id)[printed].value, target)
            return Reached(target, value, None, (self.run.id,), verdict, None, beside)
        if split != TEST:
            return self._nothing(target, f"the run printed no {_words(target)} of the {split} split", beside)
        return self._by_predictions(target, beside)

    def _by_predictions(self, target: Target, beside: tuple[tuple[str, float], ...]) -> Reached:
        definition = _definition(target)
        found: dict[int, float] = {}
        rows = None
        for run in self.gatherer.repetitions(self.run):
            kept = already_read(self.store, run.id)
            if kept is None:
                continue
            try:
                counted, rows = _count(predictions_of(run, kept))
            except PredictionsError as error:
                return self._nothing(target, f"the predictions of run {run.id} cannot be used: {error}", beside)
            if definition not in counted:
                return self._nothing(target, f"no {_words(target)} can be counted from its predictions", beside)
            found[run.id] = counted[definition]
        if self.run.id not in found:
            return self._nothing(target, "the test split was not read yet", beside)
        metric = f"{TEST} {'bpc' if definition == 'bits per character' else definition}"
        wanted = target.value / 100 if target.unit == "%" else target.value
        verdict = judge(self.gatherer.reached_by(self.run, metric, found, definition, wanted))
        value = _in_unit(sum(found.values()) / len(found), target)
        return Reached(target, value, rows, tuple(found), verdict, None, beside)

    @staticmethod
    def _nothing(target: Target, why: str, beside: tuple[tuple[str, float], ...]) -> Reached:
        return Reached(target, None, None, (), None, why, beside)

    def _printed(self, target: Target, split: str) -> str | None:
        wanted = "validation" if split.startswith(("val", "dev")) else split
        names = self.gatherer.metrics(self.run)
        fits = (name for name in names if metric_names.split(name) == wanted and _is_same(name, target))
        return next(fits, None)

    def _beside(self, target: Target, split: str) -> Iterator[tuple[str, float]]:
        """What was measured on another split: worth knowing, and no answer."""
        last = self.store.metrics.last(self.run.id)
        for name in self.gatherer.metrics(self.run):
            of = metric_names.split(name)
            if of is not None and not split.startswith(of[:3]) and _is_same(name, target):
                yield f"{_words(target)} of the {of} split, as the script told it", _in_unit(last[name].value, target)


def _count(path: Path) -> tuple[dict[str, float], int]:
    """Every metric that follows from a file of predictions, and the number of its rows."""
    try:
        predictions = read(path)
    except PredictionsError as error:
        try:
            return likelihoods.definitions(path)
        except PredictionsError:
            raise error from None
    return definitions(predictions), len(predictions.ids)


def _definition(target: Target) -> str:
    """The name of the metric where predictions are counted."""
    name = target.metric.replace("_", " ")
    return {"top1 accuracy": "accuracy", "top1 error": "error", "error rate": "error"}.get(name, name)


def _is_same(printed: str, target: Target) -> bool:
    measure = metric_names.measure(printed)
    return measure is not None and fitting(measure)(_definition(target))


def _in_unit(value: float, target: Target) -> float:
    """Shares are told in per cent where the paper does so."""
    return value * 100 if target.unit == "%" and 0 <= value <= 1 else value


def _words(target: Target) -> str:
    return target.metric.replace("_", " ")


def one_run_allows(reached: Reached) -> str:
    """What may be said of it, in a sentence."""
    if reached.verdict is None:
        return "nothing can be said yet"
    if reached.verdict.answer is Answer.SUPPORTED:
        return "the configuration reaches the paper's number, beyond the noise of its seeds"
    if reached.verdict.answer is Answer.NOT_SUPPORTED:
        return "that the configuration reaches the paper's number is not supported"
    if len(reached.runs) == 1:
        return "one run is one draw: it neither shows nor refutes that the configuration reaches the paper's number"
    return "it is not decided whether the configuration reaches the paper's number"
