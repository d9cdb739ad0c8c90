"""`mlintern saved`: what the ladder stopped early, against what the full runs would have cost by their forecasts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from ...planner.saved import ASSUMPTIONS, Ledger, ledger
from ...store import Store, StoreMissing
from ...store.records import Experiment
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..text import clean
from ..units import duration, money
from .opening import home_folder, opened

MOST_EXPERIMENTS = 100_000


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Tell the ledger of everything in this home."""
    experiments: dict[int, Experiment] = {}
    try:
        with opened(home_folder(options), create=False) as store:
            experiments = {one.id: one for one in _all(store)}
            found = ledger(store, experiments.values())
    except CommandError as error:
        if error.code != StoreMissing.code:
            raise
        found = Ledger((), 0.0)  # nobody has run anything yet, so nothing was saved
    output.object(_object(found))
    output.lines(_lines(found, experiments))
    return ExitCode.DONE


def _all(store: Store) -> tuple[Experiment, ...]:
    return store.experiments.recent(MOST_EXPERIMENTS)


def sentence(found: Ledger) -> str:
    """The ledger in one line."""
    stopped = f"{len(found.savings)} full runs stopped early, by their forecasts at least {duration(found.seconds)}"
    return f"{stopped}; the rungs took {duration(found.rung_seconds)}; saved {duration(found.net_seconds)}"


def _object(found: Ledger) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "seconds": found.seconds,
        "rung_seconds": found.rung_seconds,
        "net_seconds": found.net_seconds,
        "usd": found.usd,
        "stopped": [
            {
                "experiment": one.experiment_id,
                "why": str(one.why),
                "forecast": one.forecast_id,
                "seconds": one.seconds,
                "usd": one.usd,
            }
            for one in found.savings
        ],
        "assumptions": list(ASSUMPTIONS),
    }


def _lines(found: Ledger, experiments: dict[int, Experiment]) -> Iterator[str]:
    for one in found.savings:
        experiment = experiments[one.experiment_id]
        cost = "" if one.usd is None else f", {money(one.usd)}"
        name = " ".join([experiment.module or experiment.script.name, *experiment.args])
        yield clean(f"at least {duration(one.seconds)}{cost}: {name}: {one.why}")
    yield sentence(found)
    for words in ASSUMPTIONS:
        yield f"assumed: {words}"
