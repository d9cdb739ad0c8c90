"""What a check's answer about one program is worth.

Invariant: only findings of the levels error and warning are alarms; info never counts, for or against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlintern.benchmarks.faults.build import Program

ALARMS = ("error", "warning")
NEAR = 3
"""A finding may point this many lines beside the fault."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One program, taken through the check."""

    alarms: tuple[dict[str, Any], ...]
    """Code, severity, rung, line and message of every alarm."""
    caught: bool
    """An alarm names the fault's family."""
    right_code: bool
    """An alarm names the fault's very code."""
    right_place: bool
    """An alarm of the right family points at the line, or names the object."""
    rung: str | None
    """Of the first alarm of the right family."""


def judge(program: Program, folder: Path, findings: Sequence[Mapping[str, Any]]) -> Verdict:
    """Compare findings with what was planted."""
    alarms = [finding for finding in findings if finding["severity"] in ALARMS]
    right = [finding for finding in alarms if _family(finding["code"]) in map(_family, program.families)]
    places = program.lines(folder)
    kept = ("code", "severity", "rung", "file", "line", "message")
    return Verdict(
        alarms=tuple({name: finding.get(name) for name in kept} for finding in alarms),
        caught=bool(right),
        right_code=any(_is_within(finding["code"], code) for finding in right for code in program.families),
        right_place=any(_points(program, finding, places) for finding in right),
        rung=next((finding["rung"] for finding in right), None),
    )


def _family(code: str) -> str:
    return ".".join(code.split(".")[:2])


def _is_within(code: str, accepted: str) -> bool:
    return code == accepted or code.startswith(f"{accepted}.")


def _points(program: Program, finding: Mapping[str, Any], places: Sequence[int]) -> bool:
    line, file = finding.get("line"), finding.get("file")
    same_file = file is None or Path(str(file)).name == Path(program.file).name
    if line is not None and same_file and any(abs(int(line) - place) <= NEAR for place in places):
        return True
    said = f"{finding.get('message')} {finding.get('evidence')}"
    return any(name in said for name in program.objects)
