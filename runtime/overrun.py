"""A run that will need more than was approved: told early, and its ceiling raised only by a person's new approval.

Invariant: the ceiling that holds is the one of the approval that was spent, or of one given later for this very run.
Nothing here stops a run; one whose ceiling nobody raises ends at it.
"""

from __future__ import annotations

from contextlib import suppress

from ..store import Store, StoreError
from ..store.records import Interval, Run
from .gate import within_budget
from .recorder import Recorder
from .reforecast import Progress

REPORT = "reforecast"
"""The kind of the run's report that holds what it will take in all, as told by its own progress."""


class Overrun:
    """Compares what one run will take with what it may."""

    def __init__(self, store: Store, run: Run, recorder: Recorder) -> None:
        self._store = store
        self._run = run
        self._recorder = recorder
        self._progress = Progress(run.planned_steps) if run.planned_steps else None
        self._can_ask = not _may_end_early(store, run)
        self._asked_at: float | None = None

    def look(self, elapsed_seconds: float, ceiling_seconds: float | None) -> float | None:
        """The ceiling that a person allows by now, where it is higher than the one that holds."""
        if self._progress is not None:
            self._progress.hear(elapsed_seconds, self._recorder.steps)
            self._tell(self._progress.total(), ceiling_seconds)
        if ceiling_seconds is None:
            return None
        with suppress(StoreError):
            extension = self._store.approvals.extension(self._run.id)
            allowed = None if extension is None else extension.ceiling_seconds
            if allowed is not None:
                allowed = within_budget(self._store, self._run, allowed)
            if allowed is not None and allowed > ceiling_seconds:
                return allowed
        return None

    def _tell(self, total: Interval | None, ceiling: float | None) -> None:
        if total is None:
            return
        told = {"low": total.low, "mid": total.mid, "high": total.high}
        self._recorder.report(REPORT, told)
        if self._can_ask and ceiling is not None and total.low > ceiling and self._asked_at != ceiling:
            self._asked_at = ceiling
            self._recorder.event("run.asks", seconds=told, ceiling_seconds=ceiling)


def _may_end_early(store: Store, run: Run) -> bool:
    """Whether the steps that were planned are only the most there can be."""
    forecast = None
    with suppress(StoreError):
        forecast = store.forecasts.latest(run.experiment_id, run.rung)
    return forecast is not None and forecast.may_end_early
