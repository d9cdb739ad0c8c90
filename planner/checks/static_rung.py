"""Everything that the static rung answers: what would fail, and what would be silently wrong.

Invariant: only what would fail stops the climb, because what is silently wrong still runs and still has a cost to
forecast; both are findings all the same.
"""

from __future__ import annotations

from pathlib import Path

from ...store.records import Json, RungName
from . import static
from .check import Evidence
from .found import Checked
from .registry import ask_all


def judge(report: Json, *, working_dir: Path) -> tuple[Checked, Checked]:
    """What would fail in a run, and what the checks of the rung say; from one inspection."""
    return static.judge(report, working_dir=working_dir), ask_all(
        RungName.STATIC, Evidence({"static": report}, working_dir)
    )


def together(first: Checked, second: Checked) -> Checked:
    """Two answers as one."""
    return Checked(
        first.findings + second.findings, first.verified + second.verified, first.not_verified + second.not_verified
    )
