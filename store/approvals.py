"""Approvals: what a person decided, and the one run that may spend it.

Invariant: an approval is spent at most once, by a run of its own experiment and rung, and never after a later "no".
"""

from __future__ import annotations

import time
from hashlib import sha256

from .area import Area
from .codec import Shape
from .errors import NotApproved, NotFound
from .records import Approval, Decision, RungName

_SHAPE = Shape(Approval)


class Approvals(Area):
    """The decisions, oldest first by id."""

    def add(
        self,
        *,
        experiment_id: int,
        rung: RungName,
        forecast_id: int | None,
        decision: Decision,
        ceiling_seconds: float | None,
        reason: str | None,
        decided_by: str,
        token_hash: str | None,
        extends_run_id: int | None = None,
    ) -> Approval:
        """Record a decision. ``token_hash`` is the sha256, in hex, of the secret that the approved run will show."""
        approval_id = self._database.insert(
            "approvals",
            {
                "experiment_id": experiment_id,
                "rung": rung,
                "forecast_id": forecast_id,
                "decision": decision,
                "ceiling_seconds": ceiling_seconds,
                "reason": reason,
                "decided_by": decided_by,
                "decided_at": time.time(),
                "token_hash": token_hash,
                "extends_run_id": extends_run_id,
            },
        )
        return self.get(approval_id)

    def get(self, approval_id: int) -> Approval:
        """The decision with this id."""
        row = self._database.row(f"SELECT {_SHAPE.columns} FROM approvals WHERE id = ?", (approval_id,))
        if row is None:
            raise NotFound(f"There is no approval {approval_id}.")
        return _SHAPE.load(row)

    def use(self, run_id: int, token: str) -> Approval:
        """Spend the approval that ``token`` stands for on this run, or raise :class:`NotApproved`."""
        token_hash = sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        with self._database.transaction():
            row = self._database.row(
                "SELECT approvals.id FROM approvals JOIN runs USING (experiment_id, rung)"
                " WHERE runs.id = ? AND decision = ? AND used_by_run_id IS NULL AND token_hash = ?"
                " AND approvals.extends_run_id IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM approvals AS later WHERE later.id > approvals.id AND later.decision = ?"
                "  AND later.experiment_id = approvals.experiment_id AND later.rung = approvals.rung)"
                " ORDER BY approvals.id DESC LIMIT 1",
                (run_id, Decision.APPROVED, token_hash, Decision.DECLINED),
            )
            if row is None or self._has_spent(run_id):
                raise NotApproved(
                    f"Run {run_id} is not approved: no unused approval fits it.",
                    "Approve the rung, then start it again.",
                )
            self._database.update("approvals", row[0], {"used_by_run_id": run_id})
            return self.get(row[0])

    def stands(self, approval: Approval) -> bool:
        """Whether it is a yes, and no later no of the same rung has taken it back."""
        later = self._database.row(
            "SELECT 1 FROM approvals WHERE id > ? AND decision = ? AND experiment_id = ? AND rung = ?",
            (approval.id, Decision.DECLINED, approval.experiment_id, approval.rung),
        )
        return approval.decision is Decision.APPROVED and later is None

    def extension(self, run_id: int) -> Approval | None:
        """The latest approval that raises the ceiling of a run under way."""
        row = self._database.row(
            f"SELECT {_SHAPE.columns} FROM approvals WHERE extends_run_id = ? AND decision = ?"
            " ORDER BY id DESC LIMIT 1",
            (run_id, Decision.APPROVED),
        )
        return _SHAPE.load(row) if row else None

    def for_experiment(self, experiment_id: int) -> tuple[Approval, ...]:
        """Every decision about an experiment, oldest first."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM approvals WHERE experiment_id = ? ORDER BY id", (experiment_id,)
        )
        return tuple(map(_SHAPE.load, rows))

    def _has_spent(self, run_id: int) -> bool:
        return self._database.row("SELECT 1 FROM approvals WHERE used_by_run_id = ?", (run_id,)) is not None
