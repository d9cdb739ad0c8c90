"""`mlintern compare`: what differs between runs, parameters first."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence

from ...planner.overview import energy_source
from ...store import Store
from ...store.records import Metric, Run
from .. import output_json
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..text import fit
from ..widgets.difference import Compared, DifferenceRow, differences
from .opening import home_folder, opened

MOST_RUNS = 20
_NAME_CELLS, _VALUE_CELLS = 22, 24


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Put runs side by side."""
    ids = list(dict.fromkeys(options.runs))
    if not 2 <= len(ids) <= MOST_RUNS:
        raise CommandError("usage", f"Name 2 to {MOST_RUNS} different runs.", "For example: mlintern compare 17 41")
    with opened(home_folder(options), create=False) as store:
        runs = [store.runs.get(run_id) for run_id in ids]
        compared = [
            Compared(
                run, store.experiments.get(run.experiment_id), _results(store, run), energy_source(store, run.id)
            )
            for run in runs
        ]
    rows = differences(compared)
    content = {
        "schema": SCHEMA,
        "runs": [output_json.run(one.run) | {"args": list(one.experiment.args)} for one in compared],
        "metrics": [output_json.metrics(one.last.values()) for one in compared],
        "differences": [{"name": row.name, "values": list(row.values), "differs": row.differs} for row in rows],
    }
    output.object(content)
    output.lines(_lines(ids, rows))
    return ExitCode.DONE


def _results(store: Store, run: Run) -> Mapping[str, Metric]:
    return store.metrics.last(run.id) if output_json.shows_results(run) else {}


def _lines(ids: Sequence[int], rows: Sequence[DifferenceRow]) -> Iterator[str]:
    yield _line("", [f"run {run_id}" for run_id in ids])
    for row in rows:
        if row.differs:
            yield _line(row.name, row.values)
    same = sum(not row.differs for row in rows)
    yield f"{same} more {'is' if same == 1 else 'are'} the same"


def _line(name: str, values: Sequence[str]) -> str:
    return "  ".join([fit(name, _NAME_CELLS), *(fit(value, _VALUE_CELLS) for value in values)]).rstrip()
