"""What a climb came to, as the exit code of whoever climbed. Pure."""

from __future__ import annotations

from ..planner.view import LadderView
from ..store.records import RungName, RungStatus, Severity
from .output import ExitCode


def exit_code(view: LadderView, *, blocked: RungName | None) -> ExitCode:
    """The code of a climb that was ``blocked`` at a rung, or reached what it was asked for."""
    if any(finding.severity is Severity.ERROR and finding.id not in view.accepted for finding in view.findings):
        return ExitCode.FAULTS
    if blocked is None:
        return ExitCode.DONE
    standing = next(rung for rung in view.rungs if rung.name is blocked)
    is_ceiling = standing.status is RungStatus.STOPPED and tells_of_ceiling(standing.why)
    return ExitCode.CEILING if is_ceiling else ExitCode.FAULTS


def tells_of_ceiling(why: str | None) -> bool:
    """Whether a reason to stop is a limit that was reached; the words are those of runtime/limits.py."""
    return (why or "").startswith("ceiling")
