"""Looks a reference up: what it names in the store, or what follows from the store by a named derivation.

Invariant: reads only; the same reference to the same store gives the same value, and one to nothing raises.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any

from ...store import Store, StoreError
from ...store.records import Interval, Run
from ..claims.configurations import count_configurations
from ..claims.evidence import Evidence, Kind
from ..claims.gather import Gatherer
from ..claims.verdict import Verdict, judge
from ..forecasting import forecast_of
from ..inspections import hyperparameters
from ..result import Reached, against_paper
from ..saved import Ledger, ledger
from .blocks import Reference
from .siblings import results, unfinished

Key = tuple[Any, ...]
MOST_POINTS = 400
"""Points of a curve that are drawn."""


class NoSuchValueError(LookupError):
    """A reference to what is not there."""


class Resolver:
    """Looks references up in one store; what is costly is made once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.gatherer = Gatherer(store)
        self._verdicts: dict[Key, Verdict] = {}
        self._ledgers: dict[int, Ledger] = {}
        self._reached: dict[int, tuple[Reached, ...]] = {}
        self._kinds: Mapping[str, Callable[[Key], object]] = {
            "run": lambda key: _field(store.runs.get(key[0]), key[1:]),
            "experiment": lambda key: _field(store.experiments.get(key[0]), key[1:]),
            "forecast": lambda key: _field(store.forecasts.get(key[0]), key[1:]),
            "approval": lambda key: _field(store.approvals.get(key[0]), key[1:]),
            "finding": lambda key: _field(store.findings.find(key[0]), key[1:]),
            "acceptance": lambda key: _field(_acceptance(store, key[0], key[1]), key[2:]),
            "rung": lambda key: _field(_by_name(store.rungs.all(key[0]), key[1]), key[2:]),
            "event": lambda key: _field(_event(store, key[0]), key[1:]),
            "report": lambda key: _field(store.reports.get(key[0], key[1]), key[2:]),
            "metric": lambda key: _field(store.metrics.last(key[0]).get(key[1]), key[2:]),
            "curve": self._curve,
            "outcome": self._outcome,
            "hyperparameter": self._hyperparameter,
            "verified": self._verified,
            "claim": self._claim,
            "confirmation": lambda key: _field(store.confirmations.get(key[0]), key[1:]),
            "repeat": lambda key: _field(store.confirmations.repeats(key[0])[key[1]], key[2:]),
            "against": self._against,
            "configurations": lambda key: count_configurations(store, store.experiments.get(key[0])),
            "saved": self._saved,
            "unfinished": lambda key: len(unfinished(store, store.experiments.get(key[0]))),
            "results": lambda key: len(results(store, store.experiments.get(key[0]))),
        }

    def value(self, reference: Reference) -> object:
        """What it refers to, as plain JSON; ``None`` is not known. Raises :class:`NoSuchValueError`."""
        kind = self._kinds.get(reference.kind)
        if kind is None:
            raise NoSuchValueError(f"nothing is called {reference.kind}")
        try:
            return plain(kind(reference.key))
        except (StoreError, LookupError, AttributeError, TypeError, ValueError) as error:
            raise NoSuchValueError(f"{reference.kind} {reference.key} is not there") from error

    def verdict(self, key: Key) -> Verdict:
        """The verdict on a claim by its key: kind, run, metric, and the target or the other run."""
        if key not in self._verdicts:
            self._verdicts[key] = judge(self.evidence(key))
        return self._verdicts[key]

    def evidence(self, key: Key) -> Evidence:
        """What the claim stands on."""
        if key[0] == "confirmed":
            return self.gatherer.confirmed(self._store.confirmations.get(key[1]), Kind(key[2]))
        kind, run, metric, *more = key
        own = self._run(run)
        if kind == "reported":
            return self.gatherer.reported(own, metric)
        if kind == "reached":
            return self.gatherer.reached(own, metric, float(more[0]))
        return self.gatherer.better(own, self._run(int(more[0])), metric)

    def ledger(self, experiment_id: int) -> Ledger:
        """What was saved on the script of an experiment, whatever its arguments and code."""
        if experiment_id not in self._ledgers:
            script = self._store.experiments.get(experiment_id).script
            self._ledgers[experiment_id] = ledger(self._store, self._store.experiments.for_script(script))
        return self._ledgers[experiment_id]

    def _run(self, run_id: int) -> Run:
        return self._store.runs.get(run_id)

    def _claim(self, key: Key) -> object:
        *of, name = key
        verdict = self.verdict(tuple(of))
        if name == "answer":
            return verdict.answer
        place, number = str(name).split(".", 1) if "." in str(name) else (str(name), "")
        if place == "because":
            return verdict.because[int(number)]
        return verdict.facts[str(name)]

    def _against(self, key: Key) -> object:
        """What a run reached against a number of its paper: ``(run, which number, field…)``."""
        if key[0] not in self._reached:
            self._reached[key[0]] = against_paper(self._store, self._run(key[0]), self.gatherer) or ()
        return _field(self._reached[key[0]][key[1]], key[2:])

    def _saved(self, key: Key) -> object:
        found = self.ledger(key[0])
        if len(key) == 2:
            return getattr(found, key[1])
        return _field(found.savings[key[1]], key[2:])

    def _verified(self, key: Key) -> object:
        return _field(self.gatherer.verified(self._run(key[0]))[key[1]], key[2:])

    def _hyperparameter(self, key: Key) -> object:
        return _field(hyperparameters(self._store, self._store.experiments.get(key[0]))[key[1]], key[2:])

    def _curve(self, key: Key) -> object:
        return [[one.step, one.value] for one in self._store.metrics.series(key[0], key[1], max_points=MOST_POINTS)]

    def _outcome(self, key: Key) -> object:
        """A forecast's interval beside what the run took: ``(run, field of the forecast, field of the run)``."""
        run = self._run(key[0])
        forecast = forecast_of(self._store, run)
        interval: Interval | None = None if forecast is None else getattr(forecast, key[1])
        if interval is None:
            raise NoSuchValueError("there was no forecast of it")
        return {**asdict(interval), "actual": getattr(run, key[2])}


def plain(value: object) -> Any:
    """A value as JSON has it."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case os.PathLike():
            return os.fspath(value)
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case tuple() | list() | frozenset():
            return [plain(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    return str(value)


def _field(found: object, path: Key) -> object:
    """Walks down: attributes of records, entries of mappings, places of lists."""
    for name in path:
        if isinstance(found, Mapping):
            found = found[name]
        elif isinstance(found, tuple | list):
            found = found[int(name)]
        elif found is None or str(name).startswith("_"):
            raise LookupError(name)
        else:
            found = getattr(found, str(name))
    return found


def _event(store: Store, event_id: int) -> object:
    found = store.events.after(event_id - 1, limit=1)
    if not found or found[0].id != event_id:
        raise LookupError(event_id)
    return found[0]


def _acceptance(store: Store, experiment_id: int, acceptance_id: int) -> object:
    return {one.id: one for one in store.acceptances.history(experiment_id)}[acceptance_id]


def _by_name(rungs: Mapping[Any, object], name: str) -> object:
    return {str(known): rung for known, rung in rungs.items()}[name]
