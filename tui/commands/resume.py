"""`mlintern resume`: come back to a run from any terminal, wait for it, and go on climbing."""

from __future__ import annotations

import argparse
import time

from ...planner.rungs import rungs_up_to
from ..output import ExitCode, Output
from .climbing import Climbing, Order
from .ladder_report import Spent, ladder_report
from .opening import home_folder, opened, tell_config
from .run import approvals
from .target import climbable


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Take up the experiment that the run belongs to."""
    from ..climb import Climb

    spent = Spent(time.perf_counter())
    order = Order(climbable(options.to), approvals(options), may_ask=output.has_person)
    home = home_folder(options)
    tell_config(home, output)
    with opened(home, create=False) as store:
        run = store.runs.get(options.run)
        climb = Climb.of(store, home, store.experiments.get(run.experiment_id))
        climbing = Climbing(store, climb, order, output)
        if not run.status.is_over:
            climbing.runs.append(run.id)  # a ceiling that stops it now is answered as if it had been started here
        code = climbing.go()
        script = climb.experiment.module or str(climb.experiment.script)
        ladder_report(climbing, output, script=script, up_to=rungs_up_to(order.to), spent=spent)
    return code
