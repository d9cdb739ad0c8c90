"""`mlintern new`: from a task or a paper, and data that is here, to a folder with a runnable experiment.

Invariant: nothing is written unless the whole experiment can be; what the recipe leaves out of the source is told.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...planner.provenance import Origin
from ...planner.recipes.experiment import Experiment, Wishes, plan
from ...planner.recipes.recipe import NotPossibleError
from ...planner.recipes.sources import Columns
from ...planner.recipes.values import Value
from ...planner.recipes.writing import write
from ..briefing import known
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..text import clean
from .opening import home_folder


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Plan, then write."""
    task, into = Path(options.task), Path(options.into)
    wishes = Wishes(
        recipe=options.recipe,
        data=None if options.data is None else Path(options.data),
        columns=Columns(options.target, options.group, options.time, options.split),
        values=dict(map(_pair, options.set)),
    )
    try:
        experiment = plan(known(task, home_folder(options)), wishes, beside=task.parent)
        files = write(experiment, into)
    except NotPossibleError as error:
        raise CommandError(error.code, str(error), error.hint) from error
    output.object(_content(experiment, into, files))
    output.lines(_lines(experiment, into, files))
    return ExitCode.DONE


def _pair(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given or not name or not value:
        raise CommandError("usage", f"“{text}” sets nothing.", "Write --set NAME=VALUE, such as --set epochs=20.")
    return name, value


def _content(experiment: Experiment, into: Path, files: tuple[str, ...]) -> dict[str, Any]:
    recipe, data, brief = experiment.recipe, experiment.data, experiment.brief
    return {
        "schema": SCHEMA,
        "into": str(into),
        "task": str(recipe.task),
        "architecture": recipe.architecture,
        "recipe": recipe.name,
        "why": clean(experiment.why),
        "data": {"source": experiment.source.words, "split": data.split, "notes": [clean(note) for note in data.notes]},
        "values": [_value(one) for one in experiment.chosen.values],
        "not_taken": [
            {"name": one.name, "value": one.value, "quote": clean(one.quote)} for one in experiment.chosen.unused
        ],
        "values_of": None if experiment.chosen.whom is None else clean(experiment.chosen.whom),
        "unsaid": [clean(name) for name in brief.unsaid],
        "conflicts": [{"name": one.name, "quotes": list(map(clean, one.quotes))} for one in brief.conflicts],
        "files": list(files),
        "next": f"mlintern check {into}",
    }


def _value(one: Value) -> dict[str, Any]:
    return {"name": one.name, "value": one.value, "origin": str(one.origin), "pointer": clean(one.pointer)}


def _lines(experiment: Experiment, into: Path, files: tuple[str, ...]) -> Iterator[str]:
    recipe, data = experiment.recipe, experiment.data
    yield clean(f"{into}: {recipe.task}, {recipe.architecture} (recipe {recipe.name})")
    yield clean(f"recipe: {experiment.why}")
    if experiment.chosen.whom is not None:
        yield clean(f"values: those of “{experiment.chosen.whom}”, of several that the source speaks of")
    yield clean(f"data: {experiment.source.words}, split {data.split}")
    yield from (clean(f"data: {note}") for note in data.notes)
    for one in experiment.chosen.values:
        says = f"“{one.pointer}”" if one.origin is Origin.QUOTED else one.pointer
        yield clean(f"{one.name} = {one.value}: {one.origin}: {says}")
    yield from (clean(f"not taken over: {one.name} = {one.value}: “{one.quote}”") for one in experiment.chosen.unused)
    yield from (clean(f"said in two ways: {one.name}; the first was taken") for one in experiment.brief.conflicts)
    yield f"files: {', '.join(files)}"
    yield clean(f"next: mlintern check {into}")
