"""Acceptances: findings that a person looked at and takes as they are.

Invariant: an acceptance is of what a finding says, not of its row: findings are cleared when a rung is climbed again,
and their lines move. One that says something else, such as another count, is another finding.
"""

from __future__ import annotations

import re
import time
from hashlib import sha256

from .area import Area
from .codec import Shape
from .events import Events
from .records import Acceptance, Finding

_SHAPE = Shape(Acceptance)
_LINE_NUMBERS = re.compile(r"(\blines? |\.py:)\d+(?:(?:-|, | and | to )\d+)*")


def finding_fingerprint(code: str, file: str | None, message: str) -> str:
    """The same for the same words about the same file, wherever in it the line has moved."""
    parts = (code, file or "", _LINE_NUMBERS.sub(r"\1?", message))
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint_of(finding: Finding) -> str:
    """The fingerprint that a finding is accepted by."""
    return finding_fingerprint(finding.code, finding.file, finding.message)


class Acceptances(Area):
    """What was accepted, oldest first by id."""

    def accept(self, experiment_id: int, finding: Finding, *, reason: str, by: str) -> Acceptance:
        """Record that a person takes a finding as it is; a second time says why anew."""
        with self._database.transaction():
            self._end(experiment_id, fingerprint_of(finding))
            acceptance_id = self._database.insert(
                "acceptances",
                {
                    "experiment_id": experiment_id,
                    "fingerprint": fingerprint_of(finding),
                    "code": finding.code,
                    "file": finding.file,
                    "message": finding.message,
                    "reason": reason,
                    "accepted_by": by,
                    "created_at": time.time(),
                },
            )
            self._say("finding.accepted", experiment_id, finding, by, reason)
        row = self._database.row(f"SELECT {_SHAPE.columns} FROM acceptances WHERE id = ?", (acceptance_id,))
        assert row is not None
        return _SHAPE.load(row)

    def withdraw(self, experiment_id: int, finding: Finding, *, by: str) -> bool:
        """Take an acceptance back; ``False`` when there was none."""
        with self._database.transaction():
            if self.of(experiment_id, finding) is None:
                return False
            self._end(experiment_id, fingerprint_of(finding))
            self._say("finding.accept_withdrawn", experiment_id, finding, by)
        return True

    def of(self, experiment_id: int, finding: Finding) -> Acceptance | None:
        """The acceptance that holds for a finding, if there is one."""
        return self.holding(experiment_id).get(fingerprint_of(finding))

    def holding(self, experiment_id: int) -> dict[str, Acceptance]:
        """All that hold for an experiment, by the finding's fingerprint."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM acceptances WHERE experiment_id = ? AND withdrawn_at IS NULL ORDER BY id",
            (experiment_id,),
        )
        return {acceptance.fingerprint: acceptance for acceptance in map(_SHAPE.load, rows)}

    def history(self, experiment_id: int) -> tuple[Acceptance, ...]:
        """All that ever were, those that were withdrawn included."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM acceptances WHERE experiment_id = ? ORDER BY id", (experiment_id,)
        )
        return tuple(map(_SHAPE.load, rows))

    def _end(self, experiment_id: int, fingerprint: str) -> None:
        self._database.write(
            "UPDATE acceptances SET withdrawn_at = ?"
            " WHERE experiment_id = ? AND fingerprint = ? AND withdrawn_at IS NULL",
            (time.time(), experiment_id, fingerprint),
        )

    def _say(self, kind: str, experiment_id: int, finding: Finding, by: str, reason: str | None = None) -> None:
        Events(self._database).append(
            kind,
            experiment_id=experiment_id,
            code=finding.code,
            file=finding.file,
            message=finding.message,
            by=by,
            reason=reason,
        )
