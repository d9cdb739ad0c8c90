"""`mlintern history`: past runs, the latest first."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict

from ...planner.calibration import calibration_by_rung
from ...store import StoreMissing
from ...store.records import RunRow
from .. import output_json
from ..calibration_words import calibration_sentence
from ..moments import ago
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..text import clean, fit, right
from ..units import count, duration, money, number
from .opening import home_folder, opened, tell_config


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """List the runs that a query finds."""
    query = " ".join([*options.query, *options.script_args])
    home = home_folder(options)
    tell_config(home, output)
    try:
        with opened(home, create=False) as store:
            rows, total = store.runs.page(query, limit=options.limit), store.runs.count(query)
            calibration = calibration_by_rung(store.forecasts.outcomes())
    except CommandError as error:
        if error.code != StoreMissing.code:
            raise
        rows, total, calibration = (), 0, ()  # nobody has run anything yet: that is a history too
    output.object(
        {
            "schema": SCHEMA,
            "query": query,
            "total": total,
            "runs": [output_json.row(row) for row in rows],
            "calibration": [asdict(rung) for rung in calibration],
        }
    )
    output.lines(table(rows, time.time()))
    if total > len(rows):
        output.say(f"{count(len(rows))} of {count(total)} runs; --limit shows more")
    elif not rows:
        output.say("no runs")
    for rung in calibration:
        output.say(calibration_sentence(rung))
    return ExitCode.DONE


def table(rows: tuple[RunRow, ...], now: float) -> list[str]:
    """One line a run, in columns of a fixed width."""
    if not rows:
        return []
    head = _line("run", "when", "script", "rung", "status", "steps", "loss", "time", "cost", "args")
    return [head, *(_row(row, now) for row in rows)]


def _row(row: RunRow, now: float) -> str:
    run = row.run
    return _line(
        str(run.id),
        ago(run.ended_at or run.started_at or run.created_at, now),
        row.module or row.script.name,
        str(run.rung),
        str(run.status),
        _known(count(run.steps)),
        _known(number(run.last_loss)) if output_json.shows_results(run) else "—",
        _known(duration(run.wall_seconds)),
        _known(money(run.usd)),
        " ".join(row.args),
    )


def _line(
    run: str, when: str, script: str, rung: str, status: str, steps: str, loss: str, took: str, cost: str, args: str
) -> str:
    origin = (right(run, 7), fit(when, 11), fit(clean(script), 24), fit(rung, 9), fit(status, 8))
    result = (right(steps, 9), right(loss, 9), right(took, 7), right(cost, 7))
    return "  ".join((*origin, *result, clean(args))).rstrip()


def _known(text: str) -> str:
    return "—" if text == "unknown" else text
