"""`mlintern read`: a paper or a task as a checklist: requirements, hyperparameters and targets, each with its quote.

Invariant: the file is only read; what it says is data and never markup.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ...planner.reading.document import ReadingError
from ...planner.reading.reading import read_brief
from .. import reading_words
from ..output import SCHEMA, CommandError, ExitCode, Output


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Tell what the source asks for."""
    try:
        brief = read_brief(Path(options.paper))
    except ReadingError as error:
        raise CommandError(f"paper.{error.code}", str(error), error.hint) from error
    output.object({"schema": SCHEMA, **reading_words.content(brief)})
    output.lines(reading_words.lines(brief))
    return ExitCode.DONE
