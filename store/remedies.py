"""Remedies: what was tried against a failure, so that nothing is proposed twice for the same evidence.

Invariant: an attempt is appended with the hypothesis that it tested and what came of it, and never deleted.
"""

from __future__ import annotations

import time

from .area import Area
from .codec import Shape, encode
from .records import Outcome, Remedy

_SHAPE = Shape(Remedy)


class Remedies(Area):
    """The attempts, oldest first by id."""

    def add(
        self,
        *,
        subject: str,
        evidence: str,
        remedy: str,
        hypothesis: str,
        outcome: Outcome,
        experiment_id: int | None = None,
        run_id: int | None = None,
    ) -> Remedy:
        """Remember an attempt; ``subject`` is what it was tried on, ``evidence`` the fingerprint of what was seen."""
        values = {
            "experiment_id": experiment_id,
            "run_id": run_id,
            "subject": subject,
            "evidence": evidence,
            "remedy": remedy,
            "hypothesis": hypothesis,
            "outcome": outcome,
            "created_at": time.time(),
        }
        remedy_id = self._database.insert("remedies", values)
        (row,) = self._database.rows(f"SELECT {_SHAPE.columns} FROM remedies WHERE id = ?", (remedy_id,))
        return _SHAPE.load(row)

    def tried(self, subject: str, evidence: str) -> tuple[Remedy, ...]:
        """What was tried on a subject for this very evidence, oldest first."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM remedies WHERE subject = ? AND evidence = ? ORDER BY id",
            (encode(subject), evidence),
        )
        return tuple(map(_SHAPE.load, rows))
