"""A confirmation from the words of a person to an approval: its plan, its question, its decision.

Invariant: nothing starts without an approval recorded in the same transaction as the confirmation that it is for, and
as its first run. What is claimed is written then, and one ceiling covers all runs together.
"""

from __future__ import annotations

from pathlib import Path

from ..planner import budget, prices
from ..planner.accepted import standing_errors
from ..planner.confirm.director import Next, next_run
from ..planner.confirm.plan import NotConfirmableError, Plan
from ..planner.confirm.proposer import Proposer
from ..planner.confirm.state import look
from ..planner.confirm.wanted import Wanted
from ..planner.fit import why_it_cannot_run
from ..planner.moves import Ask
from ..planner.rungs import FACTS
from ..planner.spending import spending
from ..runtime import gpu_use
from ..runtime.budgets import accounts
from ..runtime.project import fingerprint
from ..runtime.room import RoomWatch
from ..store import Store
from ..store.confirmations import Confirmation, ConfirmationStatus
from ..store.records import Decision, Experiment, Forecast, Interval, Run, Rung, RungName, RungStatus
from .conducting import is_conducted, spawn
from .declining import decline
from .starting import target_of


class ConfirmError(RuntimeError):
    """A confirmation that is not possible now, with what is."""


class Confirming:
    """The confirmations of one experiment. It belongs to one thread, like the store that it writes to."""

    def __init__(self, store: Store, home: Path, experiment: Experiment) -> None:
        self._store = store
        self._home = home
        self.experiment = experiment
        self._target = target_of(experiment)

    def plan(self, wanted: Wanted) -> Plan:
        """What a confirmation would do. Raises ``NotConfirmableError`` with what would do."""
        return Proposer(self._store, self.experiment).plan(wanted)

    def ask(self, plan: Plan) -> Ask:
        """The question that a person must answer; its forecast is kept as it is shown."""
        chosen = plan.chosen
        cost = spending(
            plan.seconds, chosen, self._store.reports.get(chosen.id, gpu_use.REPORT), prices.known(self._home)
        )
        forecast = self._store.forecasts.add(
            experiment_id=self.experiment.id,
            rung=RungName.CONFIRM,
            source_run_id=chosen.id,
            seconds=plan.seconds,
            steps=None if chosen.steps is None else chosen.steps * plan.runs,
            peak_host_bytes=_about(chosen.peak_host_bytes),
            peak_device_bytes=_about(chosen.peak_device_bytes),
            energy_joules=cost.energy_joules,
            usd=cost.usd,
            gpu_seconds=cost.gpu_seconds,
            unknown=cost.unknown,
            basis=_basis(plan),
        )
        return Ask(RungName.CONFIRM, forecast, FACTS[RungName.CONFIRM].verifies, "it costs")

    def approve(self, plan: Plan, ask: Ask, *, ceiling_seconds: float, by: str) -> Confirmation:
        """Record the approval with the claim and the first run. Raises ``ConfirmError`` or ``BudgetError``."""
        with self._store.transaction():
            confirmation = self._approved(plan, ask, ceiling_seconds, by)
            found = next_run(look(self._store, confirmation))
            if not isinstance(found, Next):
                raise ConfirmError(f"a ceiling of {ceiling_seconds:.0f} s does not cover one run: give more")
            add_run(self._store, self._home, confirmation, found)
        go_on(self._store, self._home, confirmation)
        return confirmation

    def _approved(self, plan: Plan, ask: Ask, ceiling_seconds: float, by: str) -> Confirmation:
        self._refuse_what_stands_in_the_way(ask.forecast)
        price = prices.known(self._home)
        standing = accounts(self.experiment, self._store.runs.for_experiment(self.experiment.id))
        budget.check_ceiling(ceiling_seconds, ask.forecast, standing, price)
        if by == "flag":
            budget.check_ahead(ceiling_seconds, ask.forecast, standing)
        own = self.experiment.id
        approval = self._store.approvals.add(
            experiment_id=own,
            rung=RungName.CONFIRM,
            forecast_id=ask.forecast.id,
            decision=Decision.APPROVED,
            ceiling_seconds=ceiling_seconds,
            reason=None,
            decided_by=by,
            # No secret: what may be started with it is what its confirmation lists, and the gate reads that.
            token_hash=None,
        )
        goal = plan.goal
        confirmation = self._store.confirmations.add(
            experiment_id=own,
            approval_id=approval.id,
            chosen_run_id=plan.chosen.id,
            against_run_id=None if goal.against is None else goal.against.id,
            metric=goal.metric,
            target=goal.target,
            target_says=goal.target_says,
            seed_flag=plan.seed_flag,
            seeds=plan.seeds,
            checks=plan.checks,
            resume_flag=plan.resume_flag,
            looked_at=plan.looked_at,
            ceiling_seconds=ceiling_seconds,
            run_seconds=plan.run_seconds,
            differences=plan.differences,
        )
        self._store.events.append(
            "approval.given", experiment_id=own, rung=RungName.CONFIRM, ceiling_seconds=ceiling_seconds, by=by,
            forecast_id=ask.forecast.id,
        )  # fmt: skip
        self._store.events.append(
            "confirmation.began", experiment_id=own, confirmation_id=confirmation.id, metric=goal.metric,
            target=goal.target, target_says=goal.target_says, against=confirmation.against_run_id,
            seeds=list(plan.seeds), looked_at=plan.looked_at,
        )  # fmt: skip
        return confirmation

    def settle(self, rung: Rung, wanted: Wanted) -> str | None:
        """Take up a confirmation whose conductor was killed, or forecast one that can be asked for; why it cannot be.

        A forecast is of one claim by one full run: with another of either it is made anew.
        """
        if rung.status is RungStatus.RUNNING:
            going = self.under_way()
            if going is not None:
                go_on(self._store, self._home, going)
            return None
        full = self._store.rungs.all(self.experiment.id)[RungName.FULL]
        if full.status is not RungStatus.PASSED or rung.status is RungStatus.PASSED:
            return None
        forecast = self._store.forecasts.latest(self.experiment.id, RungName.CONFIRM)
        try:
            plan = self.plan(wanted)
        except NotConfirmableError as error:
            return str(error)
        if forecast is None or (forecast.source_run_id, forecast.basis) != (full.run_id, _basis(plan)):
            self.ask(plan)
        return None

    def approve_asked(self, wanted: Wanted, *, ceiling_seconds: float, by: str, forecast_id: int | None) -> Run:
        """Approve what the ladder asked, as it proposes it; returns the first run."""
        forecast = self._store.forecasts.latest(self.experiment.id, RungName.CONFIRM)
        if forecast is None or forecast_id not in (None, forecast.id):
            raise ConfirmError("the forecast of confirm changed meanwhile, so nothing was approved: look at it again")
        ask = Ask(RungName.CONFIRM, forecast, FACTS[RungName.CONFIRM].verifies, "it costs")
        plan = self.plan(wanted)
        if forecast.basis != _basis(plan):
            raise ConfirmError("what is to be confirmed changed meanwhile, so nothing was approved: look at it again")
        confirmation = self.approve(plan, ask, ceiling_seconds=ceiling_seconds, by=by)
        return self._store.runs.get(self._store.confirmations.repeats(confirmation.id)[0].run_id)

    def decline(self, ask: Ask, reason: str | None, *, by: str) -> None:
        """Record a no, with its reason and the forecast that it answers."""
        decline(self._store, self.experiment, RungName.CONFIRM, forecast_id=ask.forecast.id, reason=reason, by=by)

    def under_way(self) -> Confirmation | None:
        """The confirmation that is not over yet, if there is one."""
        found = self._store.confirmations.for_experiment(self.experiment.id)
        return next((one for one in reversed(found) if one.ended_at is None), None)

    def _refuse_what_stands_in_the_way(self, forecast: Forecast) -> None:
        if fingerprint(self._target) != self.experiment.fingerprint:
            raise ConfirmError(f"{self.experiment.script.name} changed since it was looked at: run it as it is now")
        standing = standing_errors(self._store, self.experiment, self._store.rungs.all(self.experiment.id))
        if standing:
            codes = ", ".join(one.code for one in standing)
            raise ConfirmError(f"{codes} stands: mend it, or accept it with a reason, before anything is spent")
        going = self.under_way()
        if going is not None:
            raise ConfirmError(f"confirmation {going.id} is under way: mlintern confirm --resume goes on with it")
        why = why_it_cannot_run(forecast, RoomWatch().look())
        if why is not None:
            raise ConfirmError(f"the confirmation was not started: {why}")


def add_run(store: Store, home: Path, confirmation: Confirmation, found: Next) -> Run:
    """List the next run, so that it may start; inside a transaction of the caller's."""
    price = prices.known(home)
    run = store.runs.add(
        experiment_id=confirmation.experiment_id,
        rung=RungName.CONFIRM,
        ceiling_seconds=found.ceiling_seconds,
        folder_root=home,
    )
    run = store.runs.update(run.id, usd_per_hour=price.usd_per_hour, usd_per_kwh=price.usd_per_kwh)
    store.confirmations.add_repeat(
        confirmation_id=confirmation.id, purpose=found.purpose, seed=found.seed, args=found.args, run_id=run.id
    )
    store.rungs.set(confirmation.experiment_id, RungName.CONFIRM, RungStatus.RUNNING, run_id=run.id)
    store.events.append(
        "repeat.began", experiment_id=confirmation.experiment_id, run_id=run.id, confirmation_id=confirmation.id,
        purpose=found.purpose, seed=found.seed,
    )  # fmt: skip
    return run


def go_on(store: Store, home: Path, confirmation: Confirmation) -> bool:
    """Start a conductor for a confirmation that has none, also for one that is only to be wound up; whether that was
    needed.
    """
    confirmation = store.confirmations.get(confirmation.id)
    if confirmation.ended_at is not None or is_conducted(confirmation):
        return False
    spawn("mlintern.tui.confirmer", home, confirmation.id, home / "confirmations" / str(confirmation.id))
    return True


def stop(store: Store, confirmation: Confirmation) -> Confirmation:
    """End a confirmation: its conductor ends the run under way, and starts no more."""
    with store.transaction():
        if store.confirmations.get(confirmation.id).status.is_over:
            raise ConfirmError(f"confirmation {confirmation.id} is over already")
        store.events.append(
            "confirmation.stop", experiment_id=confirmation.experiment_id, confirmation_id=confirmation.id
        )
        return store.confirmations.update(
            confirmation.id, status=ConfirmationStatus.STOPPED, why="stopped on request"
        )


def _basis(plan: Plan) -> str:
    """What a forecast is of, and was made from."""
    return f"claim: {plan.claim}; {plan.runs} runs, {plan.basis}"


def _about(size: int | None) -> Interval | None:
    return None if size is None else Interval(0.9 * size, float(size), 1.1 * size)
