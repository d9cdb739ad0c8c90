"""A diagnosis in lines for a person and as JSON.

Invariant: both say the same, and quoted lines leave here without control codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..planner.diagnosis.hypothesis import Diagnosis, Hypothesis, Quote
from ..planner.diagnosis.ledger import Advice
from ..planner.diagnosis.subject import Subject, of_run
from ..runtime.recorder import HANG
from ..store import Store
from ..store.records import Remedy, Run, RungName, RunStatus
from .text import clean

NOTHING = "nothing wrong was seen"
USED_UP = "every remedy for this evidence was tried; make the test before anything else"
MOST_BYTES_IN_PASSING = 32 << 20
"""A longer log is not read where the diagnosis is only a part of what is shown."""
MOST_BYTES_ON_SCREEN = 4 << 20
"""The same where it is read again whenever something changes."""
_MOST_FOLLOWED = 5


def content(subject: Subject, advice: Advice | None) -> dict[str, Any]:
    """The JSON form."""
    diagnosis = subject.diagnosis
    cause = diagnosis.cause
    return {
        "cause": None if cause is None else _hypothesis(cause),
        "others": [_hypothesis(one) for one in diagnosis.others],
        "followed": [_hypothesis(one) for one in diagnosis.followed],
        "ruled_out": [clean(words) for words in diagnosis.ruled_out],
        "evidence_id": None if cause is None else cause.fingerprint,
        "tried": [] if advice is None else [_tried(one) for one in advice.tried],
        "next": None if advice is None else _next(advice, cause),
        "lines": subject.lines,
    }


def short(diagnosis: Diagnosis) -> str | None:
    """One line; ``None`` when nothing wrong was seen."""
    cause = diagnosis.cause
    return None if cause is None else clean(f"{cause.certainty}: {cause.code}: {cause.what}")


def in_passing(store: Store, run: Run, *, most_bytes: int) -> str | None:
    """One line about a run that did not come to its end, or whose ranks wait for one another.

    A log of more bytes is left out of it.
    """
    if run.status is RunStatus.RUNNING and _waits(store, run):
        return short(of_run(store, run, most_bytes=0).diagnosis)
    if run.status not in (RunStatus.FAILED, RunStatus.STOPPED, RunStatus.LOST) or run.rung is RungName.DRYRUN:
        return None
    return short(of_run(store, run, most_bytes=most_bytes).diagnosis)


def _waits(store: Store, run: Run) -> bool:
    """Whether the last that was said of its ranks is that they wait."""
    said = store.events.of_kind(HANG, run_id=run.id)
    return bool(said) and not said[-1].data.get("went_on")


def lines(subject: Subject, advice: Advice | None) -> Iterator[str]:
    """For a person, the cause first and what to do next last."""
    diagnosis = subject.diagnosis
    cause = diagnosis.cause
    if cause is None or advice is None:
        yield f"{NOTHING} in {subject.lines} lines"
    else:
        yield f"{short(diagnosis)}"
        yield f"lies in: {cause.lies_in}{_of_ranks(cause)}"
        yield from (f"  {_where(quote)}{clean(quote.text)}" for quote in cause.quotes)
        yield from (clean(f"it could also be: {words}") for words in cause.instead)
        for one in diagnosis.others:
            yield clean(f"seen too: {one.code}: {one.what}")
        for one in diagnosis.followed[:_MOST_FOLLOWED]:
            yield clean(f"followed from it: {one.code}: {one.what}")
        yield from _advice_lines(cause, advice)
    yield from (clean(f"no failure: {words}") for words in diagnosis.ruled_out)


def _of_ranks(cause: Hypothesis) -> str:
    if not cause.ranks:
        return ""
    return f", {'rank' if len(cause.ranks) == 1 else 'ranks'} {', '.join(map(str, cause.ranks[:8]))}"


def _advice_lines(cause: Hypothesis, advice: Advice) -> Iterator[str]:
    for one in advice.tried:
        yield clean(f"tried: {one.remedy} (because {one.hypothesis}): {one.outcome}")
    yield clean(f"test: {cause.test}")
    if advice.is_used_up:
        yield USED_UP
    for number, measure in enumerate(advice.untried, start=1):
        yield clean(f"{'fix' if number == 1 else 'or '} {number}: {measure.remedy} (if {measure.tests})")


def _next(advice: Advice, cause: Hypothesis | None) -> dict[str, Any]:
    measure = advice.next
    return {
        "test": "" if cause is None else cause.test,
        "remedy": None if measure is None else measure.remedy,
        "hypothesis": None if measure is None else measure.tests,
        "used_up": advice.is_used_up,
    }


def _hypothesis(one: Hypothesis) -> dict[str, Any]:
    return {
        "code": one.code,
        "what": clean(one.what),
        "certainty": str(one.certainty),
        "ranks": list(one.ranks),
        "lies_in": str(one.lies_in),
        "evidence": [{"line": quote.line, "source": quote.source, "text": clean(quote.text)} for quote in one.quotes],
        "instead": list(one.instead),
        "test": one.test,
        "remedies": [{"remedy": clean(measure.remedy), "hypothesis": measure.tests} for measure in one.measures],
    }


def _tried(one: Remedy) -> dict[str, Any]:
    return {
        "remedy": one.remedy,
        "hypothesis": one.hypothesis,
        "outcome": str(one.outcome),
        "run": one.run_id,
        "at": one.created_at,
    }


def _where(quote: Quote) -> str:
    place = f"line {quote.line}: " if quote.line is not None else ""
    return clean(f"{quote.source}, {place}") if quote.source else place
