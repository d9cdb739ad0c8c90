"""`mlintern read`: a paper or a task as a checklist: requirements, hyperparameters and targets, each with its quote.

Invariant: the file is only read; what it says is data and never markup. Nothing is kept unless a person confirms.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ...planner import briefs
from ...planner.reading.checklist import Checklist, ChecklistError, Part
from ...planner.reading.to_json import content
from ...planner.recipes.values import understand
from .. import reading_words
from ..briefing import known
from ..output import SCHEMA, CommandError, ExitCode, Output
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Tell what the source asks for, with the answers that were given; confirm it where that is asked."""
    path, home = Path(options.paper), home_folder(options)
    checklist = _answered(known(path, home), options)
    if options.confirm:
        with opened(home) as store:
            try:
                checklist = briefs.confirm(store, checklist, sha256=briefs.digest(path), by="command line")
            except ChecklistError as error:
                raise _refused(error) from error
    output.object({"schema": SCHEMA, **content(checklist), "confirmed": options.confirm})
    output.lines(reading_words.lines(checklist))
    if options.confirm:
        output.say(f"confirmed; next: mlintern new {options.paper} --into DIR")
    elif options.set or options.drop:
        output.say("nothing is kept without --confirm")
    return ExitCode.DONE


def _answered(checklist: Checklist, options: argparse.Namespace) -> Checklist:
    """With ``--set`` and ``--drop``, each of all items that are meant by its word."""
    try:
        for word in options.drop:
            for number in checklist.named(word):
                checklist = checklist.leave_out(number)
        for text in options.set:
            word, given, written = text.partition("=")
            if not given or not word:
                raise CommandError("usage", f"“{text}” sets nothing.", "Write --set NAME=VALUE, for example epochs=9.")
            for number in checklist.named(word):
                item = checklist.item(number)
                value = float(written) if item.part is Part.TARGET else understand(item.name, written)
                checklist = checklist.change(number, value)
    except ChecklistError as error:
        raise _refused(error) from error
    except ValueError as error:
        raise CommandError("usage", f"“{text}” cannot be taken: {error}.", "Write another value.") from error
    return checklist


def _refused(error: ChecklistError) -> CommandError:
    return CommandError("checklist", f"{error}.", "The numbers stand in front of the items.")
