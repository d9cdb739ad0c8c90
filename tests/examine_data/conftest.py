"""Runs a script under an examination, and asks the checks what its observers saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks.check import Evidence
from mlintern.planner.checks.registry import ask_all
from mlintern.planner.finding import FindingDraft
from mlintern.store.records import RungName, Severity

from ..probe.conftest import Probe
from ..probe.conftest import probe as probe


@dataclass(frozen=True)
class Examined:
    """What an examination came to."""

    findings: tuple[FindingDraft, ...]
    verified: tuple[str, ...]
    not_verified: tuple[str, ...]
    output: str
    reports: dict[str, Any]

    @property
    def blamed(self) -> set[str]:
        """The codes at level error or warning."""
        return {one.code for one in self.findings if one.severity is not Severity.INFO}

    def only(self, code: str) -> FindingDraft:
        """The one finding of a code."""
        (found,) = [one for one in self.findings if one.code == code and one.severity is not Severity.INFO]
        return found


Examine = Callable[..., Examined]


@pytest.fixture
def examine(probe: Probe, tmp_path: Path) -> Examine:
    """``examine(text)`` runs a script to its end."""

    def run(script: str) -> Examined:
        done = probe(script, mode="examine", time_budget_seconds=0.5)
        assert done.exit_code == 0, done.output
        reports = {message["e"]: message for message in done.messages}
        checked = ask_all(RungName.OVERFIT, Evidence(reports, tmp_path))
        return Examined(checked.findings, checked.verified, checked.not_verified, done.output, reports)

    return run
