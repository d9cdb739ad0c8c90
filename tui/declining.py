"""A no to what was asked: recorded with its reason and the forecast that it answers, the same for every rung."""

from __future__ import annotations

from ..store import Store
from ..store.records import Decision, Experiment, RungName


def decline(
    store: Store, experiment: Experiment, rung: RungName, *, forecast_id: int | None, reason: str | None, by: str
) -> None:
    """Record it; what an earlier yes still covers starts no more."""
    with store.transaction():
        store.approvals.add(
            experiment_id=experiment.id,
            rung=rung,
            forecast_id=forecast_id,
            decision=Decision.DECLINED,
            ceiling_seconds=None,
            reason=reason,
            decided_by=by,
            token_hash=None,
        )
        store.events.append("approval.declined", experiment_id=experiment.id, rung=rung, reason=reason, by=by)
