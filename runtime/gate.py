"""The one door to a start: what costs needs an approval, and what is free is bounded and cannot touch the user's
files.

Invariant: no process of a costly rung is started unless an approval of that experiment and rung was spent on this very
run, and its time is the approval's, whatever the launch file says. The check is made by the supervisor, in one
transaction.
"""

from __future__ import annotations

from dataclasses import replace

from ..store import NotApproved, Store
from ..store.records import Run, RungName
from .protocol import Isolation, Limits

COSTLY_RUNGS = frozenset({RungName.PILOT, RungName.SWEEP, RungName.FULL, RungName.CONFIRM})
"""The rungs that nobody climbs without a person's approval."""

FREE_SECONDS = 600.0
"""The time of a free rung for which nobody named another."""


def admit(store: Store, run: Run, *, token: str | None, limits: Limits, isolation: Isolation) -> Limits:
    """The limits that hold for a run, or :class:`NotApproved`. Spends the approval of a costly one."""
    if run.rung not in COSTLY_RUNGS:
        return _admit_free(run, limits=limits, isolation=isolation)
    if not token:
        raise NotApproved(
            f"Run {run.id} is not approved: {run.rung} costs, and nobody approved it.", "Approve it first."
        )
    with store.transaction():
        approval = store.approvals.use(run.id, token)
        if approval.ceiling_seconds is None or not approval.ceiling_seconds > 0:
            raise NotApproved(f"Run {run.id} is not approved: the approval names no ceiling.", "Approve it with one.")
        store.events.append("approval.used", experiment_id=run.experiment_id, run_id=run.id, approval_id=approval.id)
    return replace(limits, wall_seconds=approval.ceiling_seconds)


def _admit_free(run: Run, *, limits: Limits, isolation: Isolation) -> Limits:
    if isolation is Isolation.NONE:
        raise NotApproved(
            f"Run {run.id} is not approved: {run.rung} must be kept from the user's files.", "Start it isolated."
        )
    named = [seconds for seconds in (limits.wall_seconds, run.ceiling_seconds) if seconds is not None]
    return replace(limits, wall_seconds=min(named, default=FREE_SECONDS))
