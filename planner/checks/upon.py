"""A check of one observer's report: what it answers where it could not look, and how its findings are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...runtime.protocol import OBSERVED
from ...store.records import Json, Severity
from ..finding import FindingDraft
from .check import Evidence, Judgement, could_not_tell


def upon(name: str, what: str, judge: Callable[[Json, Evidence], Judgement]) -> Callable[[Evidence], Judgement]:
    """Ask ``judge`` about the report of one observer; ``what`` stays open where it could not look."""

    def asked(evidence: Evidence) -> Judgement:
        report = evidence.reports[OBSERVED + name]
        if "could_not" in report:
            return could_not_tell(f"{what}: {report['could_not']}")
        return judge(report, evidence)

    return asked


def found(
    evidence: Evidence,
    code: str,
    severity: Severity,
    message: str,
    place: Json | None,
    numbers: Sequence[Json] = (),
    fix: str | None = None,
) -> FindingDraft:
    """A finding at a place that an observer reported."""
    numbers = [_tellable(one) for one in numbers]
    if place is None:
        return FindingDraft(code, severity, message, tuple(numbers), fix=fix)
    file, line = evidence.shown(str(place["file"])), int(place["line"])
    return FindingDraft(code, severity, message, ({"file": file, "line": line}, *numbers), file, line, fix)


def _tellable(value: Any) -> Any:
    """The same, with words for the numbers that JSON does not know: NaN and the infinities."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _tellable(one) for key, one in value.items()}
    return [_tellable(one) for one in value] if isinstance(value, (list, tuple)) else value


def first_optimizer(report: Json) -> Json | None:
    """Where the first optimizer that an observer saw was made."""
    made: list[Json] = report["optimizers"]
    return made[0]["place"] if made else None


def words(names: Sequence[str], most: int = 4) -> str:
    """Some names for a message."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
