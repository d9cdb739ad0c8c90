"""`mlintern run`: up the ladder, with an approval before each rung that costs."""

from __future__ import annotations

import argparse
import time

from ...planner.moves import Blocked, Reached
from ...planner.rungs import rungs_up_to
from ...store.records import RungName
from ..output import CommandError, ExitCode, Output
from .climbing import Climbing, Order
from .ladder_report import Spent, ladder_report
from .opening import home_folder, opened, require_config
from .target import climbable, wanted


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Take the ladder up where it stands, and climb on."""
    spent = Spent(time.perf_counter())
    order = Order(climbable(options.to), approvals(options), may_ask=output.has_person)
    want = wanted(options, output)
    home = home_folder(options)
    require_config(home)
    with opened(home) as store:
        climb = want.open(store, home, options, fresh=options.fresh)
        match climb.next(order.to):
            case Blocked(rung=rung, why=why):
                output.say(f"last time {rung} ended so: {why}; climbing again from the first rung")
                climb = want.open(store, home, options, fresh=True)
            case Reached():
                output.say(f"{order.to} was reached before; --fresh climbs again")
        climbing = Climbing(store, climb, order, output)
        code = climbing.go()
        ladder_report(climbing, output, script=want.shown, up_to=rungs_up_to(order.to), spent=spent)
    return code


def approvals(options: argparse.Namespace) -> dict[RungName, float]:
    """The ceilings of ``--approve``, one for each rung."""
    given: dict[RungName, float] = {}
    for name, ceiling in options.approve:
        rung = climbable(name)
        if rung in given:
            raise CommandError("usage", f"{rung} is approved twice.", "Give one ceiling for each rung.")
        given[rung] = ceiling
    return given
