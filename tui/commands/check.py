"""`mlintern check`: the rungs that need no approval, on the unmodified script, and the forecast of the full run."""

from __future__ import annotations

import argparse
import time

from ...planner.rungs import rungs_up_to
from ...store.records import RungName
from ..output import ExitCode, Output
from .climbing import Climbing, Order
from .ladder_report import Spent, ladder_report
from .opening import home_folder, opened, require_config
from .target import climbable, wanted

DEFAULT_CEILING_SECONDS = 60.0


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Check a script; always from the first rung, because what it needs besides its code may have changed."""
    spent = Spent(time.perf_counter())
    to = climbable(options.to, free=True) if options.to else RungName.OVERFIT
    want = wanted(options, output)
    home = home_folder(options)
    require_config(home)
    with opened(home) as store:
        climb = want.open(store, home, options, fresh=True)
        order = Order(to, free_seconds=options.ceiling or DEFAULT_CEILING_SECONDS)
        climbing = Climbing(store, climb, order, output)
        code = climbing.go()
        shown = rungs_up_to(RungName.OVERFIT if options.to is None else to)
        ladder_report(climbing, output, script=want.shown, up_to=shown, spent=spent)
    return code
