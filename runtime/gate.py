"""The one door to a start: what costs needs an approval, and what is free is bounded and cannot touch the user's
files.

Invariant: no process of a costly rung is started unless an approval of that experiment and rung was spent on this very
run, or, for a trial of a sweep or a run of a confirmation, unless what its one approval allows covers it beside all
others. Its time is
the approval's, and what it may use is what is left of the experiment's budgets, whatever the launch file says. The
check is made by the supervisor, in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..store import NotApproved, Store
from ..store.records import Approval, Run, RungName
from .budgets import COSTLY_RUNGS, WORDS, Account, Unit, accounts, committed_by
from .protocol import Isolation, Limits

FREE_SECONDS = 600.0
"""The time of a free rung for which nobody named another."""


def admit(store: Store, run: Run, *, token: str | None, limits: Limits, isolation: Isolation) -> Limits:
    """The limits that hold for a run, or :class:`NotApproved`. Spends the approval of a costly one."""
    if run.rung not in COSTLY_RUNGS:
        return _admit_free(run, limits=limits, isolation=isolation)
    if run.rung in (RungName.SWEEP, RungName.CONFIRM):
        return _admit_listed(store, run, limits=limits, isolation=isolation)
    if not token:
        raise NotApproved(
            f"Run {run.id} is not approved: {run.rung} costs, and nobody approved it.", "Approve it first."
        )
    with store.transaction():
        approval = store.approvals.use(run.id, token)
        if approval.ceiling_seconds is None or not approval.ceiling_seconds > 0:
            raise NotApproved(f"Run {run.id} is not approved: the approval names no ceiling.", "Approve it with one.")
        left = _left(store, run)
        store.events.append("approval.used", experiment_id=run.experiment_id, run_id=run.id, approval_id=approval.id)
    return _bounded(limits, approval.ceiling_seconds, left)


def _bounded(limits: Limits, ceiling_seconds: float, left: Mapping[Unit, float | None]) -> Limits:
    named = [seconds for seconds in (ceiling_seconds, left[Unit.SECONDS]) if seconds is not None]
    return replace(
        limits,
        wall_seconds=min(named),
        gpu_seconds=left[Unit.GPU_SECONDS],
        energy_joules=left[Unit.ENERGY],
        usd=left[Unit.USD],
    )


@dataclass(frozen=True, slots=True)
class _List:
    """The runs that one approval covers together."""

    name: str
    rung: RungName
    experiment_id: int
    approval_id: int
    is_over: bool
    runs: tuple[int, ...]


def _admit_listed(store: Store, run: Run, *, limits: Limits, isolation: Isolation) -> Limits:
    """A trial, or a run of a confirmation, needs no secret: its sweep or confirmation lists it, and is charged."""
    if isolation is Isolation.NONE:
        raise NotApproved(
            f"Run {run.id} is not approved: a run of {run.rung} is kept from the user's files.", "Start it isolated."
        )
    with store.transaction():
        listed = _list_of(store, run)
        why = _why_not(store, run, listed, store.approvals.get(listed.approval_id))
        if why is not None or run.ceiling_seconds is None:
            raise NotApproved(
                f"Run {run.id} is not approved: {why or 'it has no ceiling'}.", f"Approve another {run.rung}."
            )
        left = _left(store, run)
    return _bounded(limits, run.ceiling_seconds, left)


def _list_of(store: Store, run: Run) -> _List:
    if run.rung is RungName.SWEEP:
        trial = store.sweeps.trial_of_run(run.id)
        if trial is not None:
            sweep = store.sweeps.get(trial.sweep_id)
            runs = tuple(one.run_id for one in store.sweeps.trials(sweep.id))
            return _List(f"sweep {sweep.id}", run.rung, sweep.experiment_id, sweep.approval_id, sweep.status.is_over,
                         runs)  # fmt: skip
        raise NotApproved(f"Run {run.id} is not approved: no sweep knows it.", "Start it with `mlintern sweep`.")
    repeat = store.confirmations.repeat_of_run(run.id)
    if repeat is None:
        raise NotApproved(
            f"Run {run.id} is not approved: no confirmation knows it.", "Start it with `mlintern confirm`."
        )
    confirmation = store.confirmations.get(repeat.confirmation_id)
    runs = tuple(one.run_id for one in store.confirmations.repeats(confirmation.id))
    return _List(f"confirmation {confirmation.id}", run.rung, confirmation.experiment_id, confirmation.approval_id,
                 confirmation.status.is_over, runs)  # fmt: skip


def _why_not(store: Store, run: Run, listed: _List, approval: Approval) -> str | None:
    """What the approval of a list does not allow; ``None`` where it covers this run."""
    if listed.is_over:
        return f"{listed.name} is over"
    if not run.experiment_id == listed.experiment_id == approval.experiment_id or approval.rung is not listed.rung:
        return "the approval is of something else"
    if not store.approvals.stands(approval):
        return "nobody approved it, or a later no took it back"
    others = [store.runs.get(run_id) for run_id in listed.runs if run_id != run.id]
    committed = sum(committed_by(other) for other in others)
    if not committed + (run.ceiling_seconds or 0.0) <= (approval.ceiling_seconds or 0.0):
        return (
            f"{committed:.0f} s of the {approval.ceiling_seconds or 0.0:.0f} s approved are used or held by the others,"
            f" and this one may take {run.ceiling_seconds or 0.0:.0f} s"
        )
    return None


def within_budget(store: Store, run: Run, ceiling_seconds: float) -> float:
    """A raised ceiling, or what is left of the budget in time where that is less."""
    left = _standing(store, run)[Unit.SECONDS].left
    return ceiling_seconds if left is None else min(ceiling_seconds, left)


def _standing(store: Store, run: Run) -> Mapping[Unit, Account]:
    """The accounts of the experiment, without this run."""
    others = [one for one in store.runs.for_experiment(run.experiment_id) if one.id != run.id]
    return accounts(store.experiments.get(run.experiment_id), others)


def _left(store: Store, run: Run) -> dict[Unit, float | None]:
    """What is left of each budget for this run, or :class:`NotApproved` where nothing is left of one."""
    standing = _standing(store, run)
    for account in standing.values():
        if account.left is not None and account.left <= 0:
            raise NotApproved(
                f"Run {run.id} is not approved: nothing is left of the budget in {WORDS[account.unit]}.",
                "Set another budget, then approve it again.",
            )
    return {unit: account.left for unit, account in standing.items()}


def _admit_free(run: Run, *, limits: Limits, isolation: Isolation) -> Limits:
    if isolation is Isolation.NONE:
        raise NotApproved(
            f"Run {run.id} is not approved: {run.rung} must be kept from the user's files.", "Start it isolated."
        )
    named = [seconds for seconds in (limits.wall_seconds, run.ceiling_seconds) if seconds is not None]
    return replace(limits, wall_seconds=min(named, default=FREE_SECONDS))
