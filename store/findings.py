"""Findings: what the checks saw, with their evidence.

Invariant: the findings of a rung are those of its latest climb.
"""

from __future__ import annotations

from collections.abc import Sequence

from .area import Area
from .codec import Shape
from .records import Finding, Json, RungName, Severity

_SHAPE = Shape(Finding)


class Findings(Area):
    """The findings, in the order in which they were made."""

    def add(
        self,
        *,
        experiment_id: int,
        run_id: int | None,
        code: str,
        severity: Severity,
        rung: RungName,
        message: str,
        evidence: Sequence[Json] = (),
        file: str | None = None,
        line: int | None = None,
        fix: str | None = None,
    ) -> Finding:
        """Remember a finding."""
        values = {
            "experiment_id": experiment_id,
            "run_id": run_id,
            "code": code,
            "severity": severity,
            "rung": rung,
            "message": message,
            "evidence": tuple(evidence),
            "file": file,
            "line": line,
            "fix": fix,
        }
        finding_id = self._database.insert("findings", values)
        (row,) = self._database.rows(f"SELECT {_SHAPE.columns} FROM findings WHERE id = ?", (finding_id,))
        return _SHAPE.load(row)

    def find(self, finding_id: int) -> Finding | None:
        """One finding by its number."""
        rows = self._database.rows(f"SELECT {_SHAPE.columns} FROM findings WHERE id = ?", (finding_id,))
        return _SHAPE.load(rows[0]) if rows else None

    def for_experiment(self, experiment_id: int) -> tuple[Finding, ...]:
        """Every finding of an experiment, in the order in which they were made."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM findings WHERE experiment_id = ? ORDER BY id", (experiment_id,)
        )
        return tuple(map(_SHAPE.load, rows))

    def clear(self, experiment_id: int, rung: RungName) -> None:
        """Forget the findings of a rung, because it is climbed again."""
        self._database.write("DELETE FROM findings WHERE experiment_id = ? AND rung = ?", (experiment_id, rung))
