"""`mlintern doctor --checks`: every check that the ladder asks, with what it needs and what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...planner.checks.check import Check
from ...planner.checks.registry import CHECKS
from ..output import SCHEMA, ExitCode, Output


def show_checks(output: Output) -> ExitCode:
    """Print the registry."""
    output.object({"schema": SCHEMA, "checks": [_as_json(check) for check in CHECKS]})
    output.lines(_lines())
    return ExitCode.DONE


def _as_json(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "question": check.question,
        "codes": list(check.codes),
        "rung": str(check.rung),
        "uses": list(check.uses),
        "evidence": check.evidence,
        "fix": check.fix,
    }


def _lines() -> Iterator[str]:
    rung = None
    for check in CHECKS:
        if check.rung is not rung:
            rung = check.rung
            yield f"{rung}:"
        needs = f" (with {', '.join(check.uses)})" if check.uses else ""
        yield f"  {check.name}: {check.question}{needs}"
        yield f"    says {', '.join(check.codes)}; shows {check.evidence}; mend: {check.fix}"
