"""`mlintern diagnose`: what went wrong with a run, or in a log of a run that is not ours, and what to try next.

Invariant: a remedy is recorded only together with the hypothesis that it tested and what came of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...planner.decisions.deciding import Decided
from ...planner.decisions.remedy import remedy_question
from ...planner.diagnosis.subject import Subject, of_run
from ...store import DATABASE_NAME, Store
from ...store.records import Outcome
from .. import deciding, diagnosing, diagnosis_words
from ..output import SCHEMA, CommandError, ExitCode, Output
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Tell the diagnosis; with ``--tried`` remember an attempt first."""
    if (options.tried is None) != (options.outcome is None):
        raise CommandError("usage", "--tried and --outcome belong together.", "Say what was tried and what came of it.")
    run_id = int(options.target) if options.target.isascii() and options.target.isdigit() else None
    with _store(options, must_exist=run_id is not None) as store:
        if run_id is not None and store is not None:
            subject = of_run(store, store.runs.get(run_id))
        else:
            subject = diagnosing.of_path(Path(options.target))
        if options.tried is not None:
            _record(store, subject, options)
        advice = subject.advice(store)
        decision = _decide(store, subject, options, output) if options.decide else None
        told: dict[str, Any] = {"schema": SCHEMA, "run": run_id, "log": None if run_id is not None else subject.name}
        told["decision"] = None if decision is None else deciding.content(decision)
        output.object(told | diagnosis_words.content(subject, advice))
        output.lines(diagnosis_words.lines(subject, advice))
        output.lines([] if decision is None else deciding.lines(decision))
    return ExitCode.DONE if subject.diagnosis.cause is None else ExitCode.FAULTS


@contextmanager
def _store(options: argparse.Namespace, *, must_exist: bool) -> Iterator[Store | None]:
    """The database; ``None`` where there is none and a log needs none."""
    home = home_folder(options)
    if must_exist or options.tried is not None or options.decide or (home / DATABASE_NAME).exists():
        with opened(home, create=not must_exist) as store:
            yield store
    else:
        yield None


def _decide(
    store: Store | None, subject: Subject, options: argparse.Namespace, output: Output
) -> Decided | None:
    """Which remedy first, by the rules and the model; ``None`` where there is nothing to choose."""
    cause, advice = subject.diagnosis.cause, subject.advice(store)
    question = None if cause is None or advice is None else remedy_question(cause, advice)
    if store is None or question is None:
        output.say("there are no two remedies to choose from")
        return None
    run = subject.run
    return deciding.ask(
        store,
        home_folder(options),
        question,
        output,
        experiment_id=None if run is None else run.experiment_id,
        run_id=None if run is None else run.id,
    )


def _record(store: Store | None, subject: Subject, options: argparse.Namespace) -> None:
    cause, advice = subject.diagnosis.cause, subject.advice(store)
    if store is None or cause is None or advice is None:
        raise CommandError("usage", "Nothing wrong was seen, so nothing was tried against it.")
    remedy, hypothesis = options.tried, options.hypothesis
    if remedy.isascii() and remedy.isdigit() and 0 < int(remedy) <= len(advice.untried):
        chosen = advice.untried[int(remedy) - 1]
        remedy, hypothesis = chosen.remedy, hypothesis or chosen.tests
    known = {measure.remedy: measure.tests for measure in cause.measures}
    hypothesis = hypothesis or known.get(remedy)
    if not hypothesis:
        raise CommandError(
            "usage", "An attempt tests a hypothesis.", "Say with --hypothesis what would be so if it helped."
        )
    run = subject.run
    store.remedies.add(
        subject=subject.name,
        evidence=cause.fingerprint,
        remedy=remedy,
        hypothesis=hypothesis,
        outcome=Outcome(options.outcome),
        experiment_id=None if run is None else run.experiment_id,
        run_id=None if run is None else run.id,
    )
