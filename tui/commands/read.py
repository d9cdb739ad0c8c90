"""`mlintern read`: a paper or a task as a checklist: requirements, hyperparameters and targets, each with its quote.

Invariant: the file is only read; what it says is data and never markup.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import reading_words
from ..briefing import read
from ..output import SCHEMA, ExitCode, Output


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Tell what the source asks for."""
    brief = read(Path(options.paper))
    output.object({"schema": SCHEMA, **reading_words.content(brief)})
    output.lines(reading_words.lines(brief))
    return ExitCode.DONE
