"""What `check`, `run` and `resume` tell at their end: the same ladder as lines and as one JSON object."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...planner.view import LadderView
from ...store import Store
from ...store.records import Forecast, RungName
from .. import output_json
from ..output import Output
from .climbing import Climbing


@dataclass(frozen=True, slots=True)
class Spent:
    """What the command itself has used, with everything that it started."""

    started: float

    def of(self, store: Store, runs: Sequence[int]) -> dict[str, float]:
        """Wall time since the start, and processor time of the command, its children and its runs."""
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        in_runs = sum(store.runs.get(run_id).cpu_seconds or 0.0 for run_id in runs)
        cpu = sum(use.ru_utime + use.ru_stime for use in own) + in_runs
        return {"seconds": round(time.perf_counter() - self.started, 3), "cpu_seconds": round(cpu, 3)}


def ladder_report(climbing: Climbing, output: Output, *, script: str, up_to: Sequence[RungName], spent: Spent) -> None:
    """Tell where the ladder stands."""
    view = climbing.climb.view()
    content = output_json.ladder(view, script=script, up_to=up_to, cost=spent.of(climbing.store, climbing.runs))
    content["runs"] = list(climbing.runs)
    content["asks"] = None if climbing.asks is None else output_json.asks(climbing.asks, climbing.why_open)
    output.object(content)
    if not output.as_json:
        output.lines(report_lines(view, up_to))
        if climbing.asks is not None:
            from ..plain_text import move_lines

            output.lines(move_lines(view))


def report_lines(view: LadderView, up_to: Sequence[RungName]) -> Iterator[str]:
    """The ladder for people, one sentence a line."""
    from ..plain_text import all_finding_lines, forecast_line, rung_line
    from ..text import clean

    yield clean(" ".join([view.experiment.module or str(view.experiment.script), *view.experiment.args]))
    for rung in view.rungs:
        if rung.name in up_to:
            yield rung_line(rung)
    yield from all_finding_lines(view)
    full = next((rung.forecast for rung in view.rungs if rung.name is RungName.FULL), None)
    if full is not None:
        yield steps_line(full)
        yield forecast_line(full)
    for fact in view.verified:
        yield clean(f"verified: {fact}")
    for fact in view.not_verified:
        yield clean(f"not verified: {fact}")


def steps_line(full: Forecast) -> str:
    """How long the full run is."""
    from ..units import count
    from ..widgets.question import about

    if full.steps is None:
        return "steps of the full run: unknown; say them with --steps N"
    if full.steps == 0:
        return "steps of the full run: none; no optimizer step was seen"
    return f"steps of the full run: {about(full)}{count(full.steps)}"
