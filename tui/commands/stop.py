"""`mlintern stop`: ask a run to end, and wait until it has; its script gets the chance to save."""

from __future__ import annotations

import argparse
import time

from ...runtime import launch
from ...store import Store
from ...store.records import Run
from .. import output_json
from ..output import SCHEMA, CommandError, ExitCode, Output
from .opening import home_folder, opened

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.1


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Stop one run; one that is over already is no error."""
    with opened(home_folder(options), create=False) as store:
        run = store.runs.get(options.run)
        if not run.status.is_over:
            run = _stopped(store, run, output)
    output.object({"schema": SCHEMA, "run": output_json.run(run)})
    output.lines([f"run {run.id}: {run.status}{f', {run.reason}' if run.reason else ''}"])
    return ExitCode.DONE


def _stopped(store: Store, run: Run, output: Output) -> Run:
    output.say(f"stopping run {run.id}")
    try:
        launch.stop(store, run.id)
    except launch.LaunchError:
        if not store.runs.get(run.id).status.is_over:
            raise
    until = time.monotonic() + PATIENCE_SECONDS
    while not (run := store.runs.get(run.id)).status.is_over:
        if time.monotonic() > until:
            hint = "Its supervisor goes on trying; look again with `mlintern show`."
            raise CommandError("stop", f"Run {run.id} has not ended yet.", hint, exit_code=ExitCode.FAULTS)
        time.sleep(POLL_SECONDS)
        launch.reconcile(store)
    return run
