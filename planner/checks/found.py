"""What a check answers: findings, what it has verified, and what it could not.

Invariant: what is not listed as verified was not verified; a check that could not run says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...store.records import Severity
from ..finding import FindingDraft


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of one check."""

    findings: tuple[FindingDraft, ...]
    verified: tuple[str, ...]
    not_verified: tuple[str, ...]

    @property
    def has_errors(self) -> bool:
        """Whether the program would fail or its result be wrong."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)
