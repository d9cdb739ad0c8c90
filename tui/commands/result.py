"""`mlintern result`: what a run reached, against the numbers of the paper that its experiment follows.

Invariant: the test split is read only with ``--read-test``, once for a run, and that stays on record.
"""

from __future__ import annotations

import argparse

from ...planner.result import against_paper
from ...runtime.test_reading import TestReadingError, already_read, evaluation_of, read_test
from ...store import Store
from ...store.records import Run
from .. import result_words
from ..output import SCHEMA, CommandError, ExitCode, Output
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Compare, after the test split was read where that is asked."""
    with opened(home_folder(options), create=False) as store:
        run = store.runs.get(options.run)
        if options.read_test:
            _read(store, run, output)
        found = against_paper(store, run)
        if found is None:
            raise CommandError(
                "paper", f"Run {run.id}: {result_words.NO_PAPER}.", "Write the experiment with `mlintern new PAPER`."
            )
        is_read = already_read(store, run.id) is not None
    output.object(
        {"schema": SCHEMA, "run": run.id, "test_read": is_read, "targets": result_words.content(found)}
    )
    output.lines(result_words.lines(run, found))
    if not is_read and any(one.value is None for one in found):
        output.say(f"the test split is read once, with: mlintern result {run.id} --read-test")
    return ExitCode.DONE


def _read(store: Store, run: Run, output: Output) -> None:
    try:
        ceiling = evaluation_of(store, run).ceiling_seconds
        output.say(f"reading the test split of run {run.id}, stopped after {ceiling:.0f} s")
        read_test(store, run, by="command line")
    except TestReadingError as error:
        raise CommandError("test_split", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
