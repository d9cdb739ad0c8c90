"""What a check is: one question, asked of reports, with an answer that is never silence.

Invariant: a check is a pure function of what was reported. Where it cannot answer it says so and why; "nothing found"
is an answer only when it looked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ...store.records import Json, RungName
from ..finding import FindingDraft


class Answer(StrEnum):
    """The four answers of a check."""

    FAULT = "fault"
    ASK = "ask"
    """It may be meant so: a person should say. Its findings are at most worth knowing."""
    FINE = "fine"
    COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer of one check. Make it with :func:`fault`, :func:`ask`, :func:`fine` or :func:`could_not_tell`."""

    answer: Answer
    findings: tuple[FindingDraft, ...] = ()
    words: str = ""
    """What was verified (fine), or what was not and why (could not tell)."""
    also_open: tuple[str, ...] = ()
    """What stays open beside the answer."""


def fault(*findings: FindingDraft, also_open: tuple[str, ...] = ()) -> Judgement:
    """Something is wrong."""
    return Judgement(Answer.FAULT, findings, also_open=also_open)


def ask(*findings: FindingDraft) -> Judgement:
    """It may be meant so."""
    return Judgement(Answer.ASK, findings)


def fine(verified: str, *, also_open: tuple[str, ...] = ()) -> Judgement:
    """It looked, and nothing is wrong; ``verified`` says what it looked at, as a short clause."""
    return Judgement(Answer.FINE, words=verified, also_open=also_open)


def could_not_tell(what_and_why: str) -> Judgement:
    """It could not look: ``what: why``."""
    return Judgement(Answer.COULD_NOT_TELL, words=what_and_why)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a check may look at."""

    reports: Mapping[str, Json]
    """What the inspection and the probe said, by kind. Foreign: nothing about its shape is sure."""
    working_dir: Path

    def shown(self, file: str) -> str:
        """A path as the person would write it: from where the script runs, when it is below."""
        path = Path(file)
        return str(path.relative_to(self.working_dir)) if path.is_relative_to(self.working_dir) else file


@dataclass(frozen=True, slots=True)
class Check:
    """One check, as the registry knows it."""

    name: str
    """Unique, as ``model.frozen`` or ``data.leak.overlap.rows``."""
    codes: tuple[str, ...]
    """The finding codes that it may give."""
    rung: RungName
    question: str
    """What it asks, as a person would."""
    needs: tuple[str, ...]
    """The kinds of report that it reads."""
    uses: tuple[str, ...]
    """The libraries in the user's interpreter without which there is nothing to see, such as ``torch``."""
    evidence: str
    """What a finding shows, in a few words."""
    fix: str
    """What usually mends it, in a few words."""
    judge: Callable[[Evidence], Judgement]
