"""Compute saved: what the ladder stopped early, against what the full runs would have cost by their forecasts.

Invariant: never inflated. Of a forecast the lower bound counts, what was spent on finding out is taken off, and what
would perhaps have ended by itself (a crash, a run at its ceiling) counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ..store import Store
from ..store.records import Decision, Experiment, Forecast, Run, RungName, RungStatus, RunStatus, Severity
from .accepted import accepted_findings
from .claims.configurations import configuration_of
from .forecasting import forecast_of
from .judge_dryrun import ON_REQUEST

ASSUMPTIONS = (
    "without the ladder each of these full runs would have been started, and would have run to its end",
    "a full run would have taken the lower bound of its forecast",
    "what crashed counts nothing, because nobody knows how soon the full run would have met it",
    "a script with the same arguments counts once, with the least, however often its code was mended",
    "what the rungs themselves took is taken off, also where they stopped nothing",
)


class Why(StrEnum):
    """What stopped it."""

    ERROR = "a finding at level error that nobody accepted"
    DECLINED = "a person declined when the forecast was shown"
    STOPPED = "a person stopped the full run before its end"


@dataclass(frozen=True, slots=True)
class Saving:
    """One experiment whose full run was not made, or not to its end."""

    experiment_id: int
    why: Why
    forecast_id: int
    seconds: float
    """The lower bound of the forecast, less what a stopped full run had taken."""
    usd: float | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that was stopped, and what the rungs cost."""

    savings: tuple[Saving, ...]
    rung_seconds: float
    """What all rungs below the full one took, of every experiment, on the wall clock."""

    @property
    def seconds(self) -> float:
        """What was not spent, before the rungs are taken off."""
        return sum(one.seconds for one in self.savings)

    @property
    def net_seconds(self) -> float:
        """What was saved; below zero where the rungs took more."""
        return self.seconds - self.rung_seconds

    @property
    def usd(self) -> float | None:
        """In money, where every saving's is known."""
        known = [one.usd for one in self.savings if one.usd is not None]
        return sum(known) if len(known) == len(self.savings) else None


def ledger(store: Store, experiments: Iterable[Experiment]) -> Ledger:
    """The ledger of some experiments."""
    chosen = tuple(experiments)
    below = [
        run.wall_seconds or 0.0
        for one in chosen
        for run in store.runs.for_experiment(one.id)
        if run.rung is not RungName.FULL and run.status.is_over
    ]
    least: dict[object, Saving] = {}
    by_id = {one.id: one for one in chosen}
    for saving in _savings(store, chosen):
        of = replace(configuration_of(by_id[saving.experiment_id]), fingerprint="")
        least[of] = min(saving, least.get(of, saving), key=lambda one: one.seconds)
    return Ledger(tuple(least.values()), sum(below))


def _savings(store: Store, experiments: Iterable[Experiment]) -> Iterator[Saving]:
    for experiment in experiments:
        full = [run for run in store.runs.for_experiment(experiment.id) if run.rung is RungName.FULL]
        if full:
            if (saving := _stopped(store, full)) is not None:
                yield saving
            continue
        forecast = store.forecasts.latest(experiment.id, RungName.FULL)
        why = _why(store, experiment)
        if forecast is not None and forecast.seconds is not None and not forecast.may_end_early and why is not None:
            usd = None if forecast.usd is None else forecast.usd.low
            yield Saving(experiment.id, why, forecast.id, forecast.seconds.low, usd)


def _why(store: Store, experiment: Experiment) -> Why | None:
    rungs = store.rungs.all(experiment.id)
    if any(one.status is RungStatus.FAILED for one in rungs.values()):
        return None
    findings = store.findings.for_experiment(experiment.id)
    accepted = accepted_findings(store, experiment, findings)
    if any(one.severity is Severity.ERROR and one.id not in accepted for one in findings):
        return Why.ERROR
    decisions = [one for one in store.approvals.for_experiment(experiment.id) if one.extends_run_id is None]
    return Why.DECLINED if decisions and decisions[-1].decision is Decision.DECLINED else None


def _stopped(store: Store, runs: list[Run]) -> Saving | None:
    """What the last full run had left when a person stopped it, if none was made to its end."""
    last = runs[-1]
    if any(run.status is RunStatus.DONE for run in runs) or last.status is not RunStatus.STOPPED:
        return None
    forecast = forecast_of(store, last)
    if last.reason != ON_REQUEST or last.wall_seconds is None or forecast is None:
        return None
    return _left(last, forecast, last.wall_seconds)


def _left(run: Run, forecast: Forecast, taken: float) -> Saving | None:
    if forecast.seconds is None or forecast.may_end_early or forecast.seconds.low <= taken:
        return None
    known = forecast.usd is not None and run.usd is not None
    usd = max(0.0, forecast.usd.low - run.usd) if known and forecast.usd and run.usd is not None else None
    return Saving(run.experiment_id, Why.STOPPED, forecast.id, forecast.seconds.low - taken, usd)
