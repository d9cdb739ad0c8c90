"""`mlintern report`: the claims of a run, each with its evidence, and everything that was not verified.

Invariant: nothing is written but the file that was named.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ...planner.report.blocks import Report
from ...planner.report.compose import compose
from ...planner.report.resolve import Resolver
from ...store import Store
from ...store.records import Run
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..reports import html, markdown
from ..reports import json as as_json
from ..reports.values import Shown
from ..text import clean
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Write the report of one run."""
    wanted = options.format or ("json" if options.json else "md")
    with opened(home_folder(options), create=False) as store:
        run = store.runs.get(options.run)
        if not run.status.is_over:
            raise CommandError(
                "running", f"Run {run.id} is still {run.status}.", "Its report can be made when it is over."
            )
        resolver = Resolver(store)
        report = _report(store, resolver, run, options)
        shown = Shown(resolver)
        content = as_json.render(report, shown)
        text = _text(report, shown, wanted)
    if options.output is not None:
        path = _write(Path(options.output), text)
        output.object({"schema": SCHEMA, "run": run.id, "format": wanted, "file": str(path)})
        output.say(f"written to {path}")
    elif options.json and wanted != "json":
        raise CommandError("usage", "--json prints the report in JSON.", "Leave --format out, or name a file.")
    else:
        output.object(content)
        output.lines([text.rstrip("\n")])
    return ExitCode.DONE


def _report(store: Store, resolver: Resolver, run: Run, options: argparse.Namespace) -> Report:
    against = None if options.against is None else store.runs.get(options.against)
    if against is not None and against.id == run.id:
        raise CommandError("usage", "A run is not compared with itself.", "Name another run with --against.")
    names = resolver.gatherer.metrics(run)
    if options.metric is not None and options.metric.lower() not in {
        word for name in names for word in (name, name.removeprefix("printed/"))
    }:
        there = ", ".join(name.removeprefix("printed/") for name in names) or "none of an evaluation"
        raise CommandError("metric", f"Run {run.id} has no metric {options.metric}.", f"It has {there}.")
    return compose(store, resolver, run, target=options.target, against=against, metric=options.metric)


def _text(report: Report, shown: Shown, wanted: str) -> str:
    if wanted == "json":
        return json.dumps(as_json.render(report, shown), allow_nan=False, indent=1) + "\n"
    return html.render(report, shown) if wanted == "html" else markdown.render(report, shown)


def _write(path: Path, text: str) -> Path:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            "output", clean(f"{path} cannot be written: {error.strerror}."), "Name another file with --output."
        ) from error
    return path
