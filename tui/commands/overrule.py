"""`mlintern overrule`: a decision with all of its answers, and a person's own, which holds from then on."""

from __future__ import annotations

import argparse

from ...planner.decisions.deciding import BadOverruling, decided, overrule
from .. import deciding
from ..output import SCHEMA, CommandError, ExitCode, Output
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Record the person's answer, or only show the decision."""
    with opened(home_folder(options), create=False) as store:
        if options.answer is None:
            done = decided(store, options.decision)
        else:
            try:
                done = overrule(store, options.decision, options.answer, reason=options.reason)
            except BadOverruling as error:
                raise CommandError("usage", str(error)) from error
    output.object({"schema": SCHEMA, "decision": deciding.content(done)})
    output.lines(deciding.lines(done))
    return ExitCode.DONE
