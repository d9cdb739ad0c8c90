"""`mlintern extend`: allow a run under way more time than was approved."""

from __future__ import annotations

import argparse

from ...planner.budget import BudgetError
from .. import output_json
from ..extension import ExtensionError, extend
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..units import duration
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Record the approval; the run's supervisor takes it over within a second."""
    with opened(home_folder(options), create=False) as store:
        run = store.runs.get(options.run)
        try:
            approval = extend(store, run.id, ceiling_seconds=options.ceiling, by="terminal")
        except (ExtensionError, BudgetError) as error:
            raise CommandError("extend", str(error), exit_code=ExitCode.USAGE) from error
    output.object({"schema": SCHEMA, "run": output_json.run(run), "approval": output_json.approval(approval)})
    output.lines([f"run {run.id} may take {duration(options.ceiling)} in all"])
    return ExitCode.DONE
