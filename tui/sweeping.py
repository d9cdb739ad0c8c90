"""A sweep from the words of a person to an approval: its plan, its question, its decision.

Invariant: nothing starts without an approval recorded in the same transaction as the sweep that it is for. What is
approved is one ceiling for all trials together; the conductor keeps to it, and the gate makes sure of each trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..planner import budget, inspections, prices
from ..planner.accepted import standing_errors
from ..planner.fit import why_it_cannot_run
from ..planner.forecasting import measured_runs, setup_seconds
from ..planner.moves import Ask
from ..planner.rungs import FACTS
from ..planner.sweep import metric, space
from ..planner.sweep.plan import Plan, PlanError, make_plan
from ..planner.sweep.stated import stated_sweep
from ..runtime.budgets import accounts
from ..runtime.options import script_options
from ..runtime.printing import printed_names
from ..runtime.project import SETTINGS, fingerprint
from ..runtime.room import RoomWatch
from ..store import Store
from ..store.records import (
    Decision,
    Experiment,
    Forecast,
    Interval,
    RungName,
    RungStatus,
    Sweep,
    SweepStatus,
)
from .conducting import is_conducted, spawn
from .declining import decline
from .starting import target_of

DEFAULT_SEEDS = 3


class SweepError(RuntimeError):
    """A sweep that is not possible now, with what is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person said of a sweep; what they did not say is proposed."""

    parameters: tuple[str, ...] = ()
    metric: str | None = None
    insists: bool = False
    budget_seconds: float | None = None
    seeds: int = DEFAULT_SEEDS
    workers: int = 1


class Sweeping:
    """The sweeps of one experiment. It belongs to one thread, like the store that it writes to."""

    def __init__(self, store: Store, home: Path, experiment: Experiment) -> None:
        self._store = store
        self._home = home
        self.experiment = experiment
        self._target = target_of(experiment)

    def plan(self, wanted: Wanted) -> Plan:
        """What a sweep would do. Raises ``SpaceError``, ``MetricError`` or ``PlanError``, each with what would do."""
        options = script_options(self._target)
        args = self.experiment.args
        stated = stated_sweep(self._target.script.parent / SETTINGS)
        if wanted.parameters or stated.parameters:
            written = wanted.parameters or stated.parameters
            found = tuple(space.parse(one, options, args) for one in written)
        else:
            found = space.propose(options, args, inspections.hyperparameters(self._store, self.experiment))
        objective = metric.choose(wanted.metric or stated.metric, self._metric_names(), insists=wanted.insists)
        measured = measured_runs(self._store, self.experiment)
        return make_plan(
            space=found,
            objective=objective,
            length=space.length_of(options, args),
            seed_flag=space.seed_flag_of(options),
            seeds=wanted.seeds,
            workers=wanted.workers,
            full=self._store.forecasts.latest(self.experiment.id, RungName.FULL),
            setup_seconds=setup_seconds(self._store, self.experiment, measured[-1]) if measured else 0.0,
            budget_seconds=wanted.budget_seconds,
        )

    def ask(self, plan: Plan) -> Ask:
        """The question that a person must answer; its forecast is kept as it is shown."""
        full = self._store.forecasts.latest(self.experiment.id, RungName.FULL)
        assert full is not None and full.seconds is not None
        times = plan.budget_seconds / full.seconds.mid
        forecast = self._store.forecasts.add(
            experiment_id=self.experiment.id,
            rung=RungName.SWEEP,
            source_run_id=full.source_run_id,
            seconds=plan.seconds,
            peak_host_bytes=_times(full.peak_host_bytes, plan.workers),
            peak_device_bytes=_times(full.peak_device_bytes, plan.workers),
            energy_joules=_times(full.energy_joules, times),
            usd=_times(full.usd, times),
            gpu_seconds=_times(full.gpu_seconds, times),
            unknown=full.unknown,
            basis=f"the budget; a trial takes what the full run is forecast to take ({full.basis})",
        )
        return Ask(RungName.SWEEP, forecast, FACTS[RungName.SWEEP].verifies, "it costs")

    def approve(self, plan: Plan, ask: Ask, *, ceiling_seconds: float, by: str) -> Sweep:
        """Record the approval with its sweep, and start it. Raises :class:`SweepError` or ``BudgetError``."""
        self._refuse_what_stands_in_the_way(ask.forecast)
        if by == "flag" and ceiling_seconds < plan.whole.high:
            raise PlanError(f"a ceiling of {ceiling_seconds:.0f} s does not cover one trial: give more")
        price = prices.known(self._home)
        with self._store.transaction():
            standing = accounts(self.experiment, self._store.runs.for_experiment(self.experiment.id))
            budget.check_ceiling(ceiling_seconds, ask.forecast, standing, price)
            if by == "flag" and budget.unknown_units(ask.forecast, standing):
                raise budget.UnknownCostError("what a sweep takes of a budget is unknown: approve it at a terminal")
            approval = self._store.approvals.add(
                experiment_id=self.experiment.id,
                rung=RungName.SWEEP,
                forecast_id=ask.forecast.id,
                decision=Decision.APPROVED,
                ceiling_seconds=ceiling_seconds,
                reason=None,
                decided_by=by,
                # No secret: what may be started with it is what its sweep lists, and the gate reads that.
                token_hash=None,
            )
            sweep = self._store.sweeps.add(
                experiment_id=self.experiment.id,
                approval_id=approval.id,
                space=[one.to_json() for one in plan.space],
                metric=plan.objective.metric,
                maximise=plan.objective.maximise,
                insisted=plan.objective.insisted,
                seeds=plan.seeds,
                workers=plan.workers,
                ceiling_seconds=ceiling_seconds,
                trial_seconds=plan.whole,
                setup_seconds=plan.setup_seconds,
                length=None if plan.length is None else {"flag": plan.length.flag, "full": plan.length.full},
                seed_flag=plan.seed_flag,
            )
            self._store.rungs.set(self.experiment.id, RungName.SWEEP, RungStatus.RUNNING)
            self._store.events.append(
                "approval.given",
                experiment_id=self.experiment.id,
                rung=RungName.SWEEP,
                ceiling_seconds=ceiling_seconds,
                by=by,
                forecast_id=ask.forecast.id,
            )
            self._store.events.append(
                "sweep.began",
                experiment_id=self.experiment.id,
                sweep_id=sweep.id,
                space=[one.words for one in plan.space],
                metric=plan.objective.metric,
                insisted=plan.objective.insisted,
            )
        go_on(self._store, self._home, sweep)
        return sweep

    def decline(self, ask: Ask, reason: str | None, *, by: str) -> None:
        """Record a no, with its reason and the forecast that it answers."""
        decline(self._store, self.experiment, RungName.SWEEP, forecast_id=ask.forecast.id, reason=reason, by=by)

    def under_way(self) -> Sweep | None:
        """The sweep that is not over yet, if there is one."""
        sweeps = self._store.sweeps.for_experiment(self.experiment.id)
        return next((one for one in reversed(sweeps) if not one.status.is_over), None)

    def _metric_names(self) -> list[str]:
        """What past runs of this experiment reported, then what its source would print."""
        names: list[str] = []
        for run in reversed(self._store.runs.for_experiment(self.experiment.id)):
            names.extend(name for name in self._store.metrics.names(run.id) if name.startswith("printed/"))
        return [*names, *printed_names(self._target)]

    def _refuse_what_stands_in_the_way(self, forecast: Forecast) -> None:
        if fingerprint(self._target) != self.experiment.fingerprint:
            raise SweepError(f"{self.experiment.script.name} changed since it was looked at: start the command again")
        standing = standing_errors(self._store, self.experiment, self._store.rungs.all(self.experiment.id))
        if standing:
            codes = ", ".join(one.code for one in standing)
            raise SweepError(f"{codes} stands: mend it, or accept it with a reason, before anything is spent")
        going = self.under_way()
        if going is not None:
            raise SweepError(f"sweep {going.id} is under way: mlintern sweep --resume goes on with it")
        why = why_it_cannot_run(forecast, RoomWatch().look())
        if why is not None:
            raise SweepError(f"the sweep was not started: {why}; or take fewer --workers")


def go_on(store: Store, home: Path, sweep: Sweep) -> bool:
    """Start a conductor for a sweep that has none, also for one that is only to be wound up; whether that was needed.

    Returns when it has left this process.
    """
    sweep = store.sweeps.get(sweep.id)
    if sweep.ended_at is not None or is_conducted(sweep):
        return False
    spawn("mlintern.tui.conductor", home, sweep.id, home / "sweeps" / str(sweep.id))
    return True


def stop(store: Store, sweep: Sweep) -> Sweep:
    """End a sweep: its conductor ends the trials under way, and starts no more."""
    with store.transaction():
        if store.sweeps.get(sweep.id).status.is_over:
            raise SweepError(f"sweep {sweep.id} is over already")
        store.events.append("sweep.stop", experiment_id=sweep.experiment_id, sweep_id=sweep.id)
        return store.sweeps.update(sweep.id, status=SweepStatus.STOPPED, why="stopped on request")


def _times(interval: Interval | None, factor: float) -> Interval | None:
    if interval is None:
        return None
    return Interval(interval.low * factor, interval.mid * factor, interval.high * factor)
