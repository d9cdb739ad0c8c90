"""Everything that the static rung answers: what would fail, and what would be silently wrong.

Invariant: only what would fail stops the climb, because what is silently wrong still runs and still has a cost to
forecast; both are findings all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...store.records import Json, RungName
from . import static
from .check import Evidence
from .found import Checked
from .registry import ask_all

_MOST_SHOWN = 4


def judge(report: Json, *, working_dir: Path) -> tuple[Checked, Checked]:
    """What would fail in a run, and what the checks of the rung say; from one inspection."""
    checked = ask_all(RungName.STATIC, Evidence({"static": report}, working_dir))
    return static.judge(report, working_dir=working_dir), together(checked, Checked((), (), tuple(_left(report))))


def _left(report: Json) -> Iterable[str]:
    """What was not looked at, because no line of the code calls it."""
    names = report.get("patterns", {}).get("left_to_libraries", ())
    if names:
        shown = ", ".join(names[:_MOST_SHOWN]) + (", …" if len(names) > _MOST_SHOWN else "")
        yield f"what {shown} would do: only a library calls it, so the code does not tell when"


def together(first: Checked, second: Checked) -> Checked:
    """Two answers as one."""
    return Checked(
        first.findings + second.findings, first.verified + second.verified, first.not_verified + second.not_verified
    )
