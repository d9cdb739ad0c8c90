"""What a report is made of: the run, its experiment, and what is claimed of them."""

from __future__ import annotations

from dataclasses import dataclass

from ...store import Store
from ...store.records import Event, Experiment, Run
from .resolve import Resolver


@dataclass(frozen=True, slots=True)
class Subject:
    """One run with everything that its sections look at."""

    store: Store
    resolver: Resolver
    run: Run
    experiment: Experiment
    target: float | None = None
    """A number that the main metric is to reach, as a person gave it."""
    against: Run | None = None
    """A run to compare with."""
    metric: str | None = None
    """The metric that target and comparison are about; the last one of the test unless told."""

    @property
    def main_metric(self) -> str | None:
        """The metric that is claimed of: the one that was named, else the last of the test, else the last of any."""
        names = self.resolver.gatherer.metrics(self.run)
        if self.metric is not None:
            wanted = self.metric.lower()
            return next((one for one in names if wanted in (one, one.removeprefix("printed/"))), None)
        of_test = [one for one in names if "test" in one]
        return next(reversed(of_test or names), None)

    def events(self, kind: str) -> tuple[Event, ...]:
        """The experiment's events of one kind, oldest first."""
        found: list[Event] = []
        after = 0
        while events := self.store.events.after(after, experiment_id=self.experiment.id):
            after = events[-1].id
            found.extend(event for event in events if event.kind == kind)
        return tuple(found)
