"""A finding before it belongs to an experiment and a rung: what every check and every judgement answers with."""

from __future__ import annotations

from dataclasses import dataclass

from ..store.records import Json, Severity


@dataclass(frozen=True, slots=True)
class FindingDraft:
    """A fault, a doubt or a fact, with evidence that a person can check."""

    code: str
    severity: Severity
    message: str
    evidence: tuple[Json, ...] = ()
    file: str | None = None
    line: int | None = None
    fix: str | None = None
