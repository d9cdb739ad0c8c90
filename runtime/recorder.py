"""What a supervisor writes down: gathered, then stored in one transaction a moment.

Invariant: a database that is locked, full or broken never stops the run by an exception. What could not be stored
waits for the next time, up to a bound; state and its event are stored together.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import suppress
from typing import Any

from ..store import Store, StoreError, StoreFull, StoreRefused
from ..store.records import Json, Metric, Run, RunStatus, Sample
from ..store.runs import RunChanges
from . import seal
from .protocol import AllocatorReport, MetricRows, ProbeMessage, ProbeReport, Progress
from .seal import SEALED

FLUSH_SECONDS = 0.5
RANKS, HANG = "ranks", "run.hang"
"""The report of several ranks, and the event when they were seen to wait for one another."""
LOSS = "loss"
"""The metric whose last value stands in the run's record."""

_MOST_WAITING = 200_000
_FLUSH_ROWS = 5_000
_MOST_ALLOCATORS = 256


class Recorder:
    """The store, as one run's supervisor uses it."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self._run = run
        self._metrics: deque[Metric] = deque(maxlen=_MOST_WAITING)
        self._samples: deque[Sample] = deque(maxlen=_MOST_WAITING)
        self._reports: dict[str, Json] = {}
        self._changes: RunChanges = {}
        self._events: list[tuple[str, dict[str, Any]]] = []
        self.crash: Json | None = None
        """What the probe said about an exception that ended the script."""
        self.steps = 0
        """How many optimizer steps the probe has told of."""
        self.allocators: deque[AllocatorReport] = deque(maxlen=_MOST_ALLOCATORS)
        """What the probe said about memory, until somebody takes it."""
        self.is_full = False
        """Whether the last attempt to store failed for want of room."""

    @property
    def has_much(self) -> bool:
        """Whether enough waits to be stored at once."""
        return len(self._metrics) >= _FLUSH_ROWS

    @property
    def is_waiting(self) -> bool:
        """Whether anything is yet to be stored."""
        return bool(self._metrics or self._samples or self._reports or self._changes or self._events)

    def hear(self, message: ProbeMessage) -> None:
        """Take note of what the probe said."""
        match message:
            case MetricRows(rows):
                self.measured(rows)
            case Progress(steps, planned):
                self.steps = self._changes["steps"] = steps
                if planned is not None:
                    self._changes["planned_steps"] = planned
            case AllocatorReport():
                self.allocators.append(message)
            case ProbeReport(kind, data):
                self.report(kind, data)

    def measured(self, metrics: tuple[Metric, ...]) -> None:
        """Take note of measured values."""
        self._metrics.extend(metrics)
        for metric in metrics:
            if metric.name == LOSS:
                self._changes["last_loss"] = metric.value

    def report(self, kind: str, data: Json) -> None:
        """Take note of a report; a later one of its kind replaces it."""
        self._reports[kind] = data
        if kind == "crash":
            self.crash = data
        if kind == RANKS and isinstance(data.get("hang"), dict):
            hang = data["hang"]
            self.event(HANG, seconds=hang.get("seconds"), went_on=bool(hang.get("went_on")))

    def used(self, changes: RunChanges) -> None:
        """Take note of what the run has cost so far."""
        self._changes.update(changes)

    def sample(self, sample: Sample) -> None:
        """Take note of a sample."""
        self._samples.append(sample)

    def event(self, kind: str, **data: Any) -> None:
        """Say, now, that something happened."""
        self._events.append((kind, data))
        self.flush()

    def begin(self, *, isolation: str, pid: int) -> None:
        """The training process runs."""
        self._changes.update({"status": RunStatus.RUNNING, "started_at": time.time(), "isolation": isolation})
        self.event("run.started", isolation=isolation, pid=pid)

    def allow(self, ceiling_seconds: float) -> None:
        """The run may take longer than before, because a person approved it."""
        self._changes["ceiling_seconds"] = ceiling_seconds
        self.event("run.ceiling", ceiling_seconds=ceiling_seconds)

    def seal(self, changes: RunChanges, **held: Any) -> None:
        """Say what the record holds now that it is whole; it is stored together with the end."""
        if self.flush():
            try:
                self._events.append((SEALED, seal.content(self._store, self._run, changes, **held)))
            except (StoreError, OSError) as error:
                sys.stderr.write(f"not sealed: {error}\n")

    def end(self, changes: RunChanges) -> bool:
        """The run is over; says whether that could be stored."""
        self._changes.update(changes)
        if not any(kind == "run.ended" for kind, _ in self._events):
            self._events.append(("run.ended", {"status": changes["status"], "reason": changes["reason"]}))
        return self.flush()

    def flush(self) -> bool:
        """Store what waits; says whether nothing waits any more."""
        if not self.is_waiting:
            return True
        try:
            with self._store.transaction():
                self._store_all()
        except StoreRefused as error:
            # Something foreign does not fit the schema. The measurements go; how the run stands stays.
            _complain(error)
            self._metrics.clear()
            self._samples.clear()
            self._reports.clear()
            return False
        except StoreError as error:
            _complain(error)
            self.is_full = isinstance(error, StoreFull)
            return False
        self.is_full = False
        self._metrics.clear()
        self._samples.clear()
        self._reports.clear()
        self._changes = {}
        self._events.clear()
        return True

    def _store_all(self) -> None:
        run = self._run
        if self._metrics:
            self._store.metrics.add(run.id, self._metrics)
        for sample in self._samples:
            self._store.samples.add(run.id, sample)
        for kind, data in self._reports.items():
            self._store.reports.put(run.id, kind, data)
        if self._changes:
            self._store.runs.update(run.id, **self._changes)
        for kind, data in self._events:
            self._store.events.append(kind, experiment_id=run.experiment_id, run_id=run.id, **data)


def _complain(error: StoreError) -> None:
    """Into the supervisor's log, which may be on the very disk that is full."""
    with suppress(OSError):
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
