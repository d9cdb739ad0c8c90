"""Allowing a run under way more time than was approved: a new decision by a person, recorded beside the first.

Invariant: the run's supervisor takes the ceiling over from the record alone; nothing else raises it.
"""

from __future__ import annotations

from ..planner import budget
from ..planner.rungs import FACTS
from ..runtime.budgets import accounts
from ..store import Store
from ..store.records import Approval, Decision, Interval, Run, RungName
from .units import duration, duration_interval


class ExtensionError(RuntimeError):
    """A ceiling that cannot be raised, with why."""


def extend(store: Store, run_id: int, *, ceiling_seconds: float, by: str) -> Approval:
    """Record that the run may take ``ceiling_seconds`` in all. Raises :class:`ExtensionError` or ``BudgetError``."""
    with store.transaction():
        run = store.runs.get(run_id)
        _refuse(run, ceiling_seconds)
        others = [one for one in store.runs.for_experiment(run.experiment_id) if one.id != run.id]
        standing = accounts(store.experiments.get(run.experiment_id), others)
        budget.check_extension(ceiling_seconds, run, standing)
        approval = store.approvals.add(
            experiment_id=run.experiment_id,
            rung=run.rung,
            forecast_id=None,
            decision=Decision.APPROVED,
            ceiling_seconds=ceiling_seconds,
            reason=None,
            decided_by=by,
            token_hash=None,
            extends_run_id=run.id,
        )
        store.events.append(
            "approval.extended",
            experiment_id=run.experiment_id,
            run_id=run.id,
            ceiling_seconds=ceiling_seconds,
            by=by,
        )
    return approval


def asks_for_more(run: Run, total: Interval | None) -> str | None:
    """The question of a run that will need more than was approved even at best; ``None`` where it has none."""
    if run.status.is_over or total is None or run.ceiling_seconds is None or total.low <= run.ceiling_seconds:
        return None
    return f"run {run.id} needs {duration_interval(total)}, and {duration(run.ceiling_seconds)} is approved"


def _refuse(run: Run, ceiling_seconds: float) -> None:
    if run.status.is_over:
        raise ExtensionError(f"run {run.id} is over: {run.status}. `mlintern resume {run.id}` goes on climbing")
    if not FACTS[run.rung].costs:
        raise ExtensionError(f"run {run.id} climbs {run.rung}, which needs no approval and has a bound of its own")
    if run.rung is RungName.SWEEP:
        raise ExtensionError(f"run {run.id} is a trial: what its sweep may take was approved as a whole")
    if run.rung is RungName.CONFIRM:
        raise ExtensionError(f"run {run.id} is one of a confirmation: what all of it may take was approved as a whole")
    if run.ceiling_seconds is not None and not ceiling_seconds > run.ceiling_seconds:
        raise ExtensionError(
            f"run {run.id} may already take {duration(run.ceiling_seconds)}: name more than that, such as"
            f" {duration(2 * run.ceiling_seconds)}, or stop it"
        )
