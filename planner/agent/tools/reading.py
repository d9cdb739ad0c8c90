"""Reading a paper or a task, and looking at data, inside the workspace.

Invariant: both only read; what is told of a paper has its quote.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...datasets.look import look
from ...datasets.report import Column, DataReport, UnreadableDataError
from ...reading.brief import Brief, Target
from ...reading.document import ReadingError
from ...reading.reading import read_brief
from ..tool import PATH, Arguments, Found, Surroundings, Tool, Touches
from ..workspace import FailedError

_MOST_TOLD = 40
_QUOTE = 120


def brief_in(surroundings: Surroundings, path: str) -> Brief:
    """What a paper or a task in the workspace asks for."""
    try:
        return read_brief(surroundings.workspace.real(path))
    except ReadingError as error:
        raise FailedError(f"{error} {error.hint}".strip()) from error


def read_paper(surroundings: Surroundings, arguments: Arguments) -> Found:
    """Targets, hyperparameters and requirements with their quotes."""
    path = arguments["path"]
    brief = brief_in(surroundings, path)
    counts = (
        f"{path}: {len(brief.targets)} targets, {len(brief.hyperparameters)} hyperparameters,"
        f" {len(brief.requirements)} requirements, each with its quote; {len(brief.unsaid)} things are unsaid"
    )
    return Found(
        "\n".join((counts, *_brief_lines(brief))),
        (f"mlintern read {path} shows it as a checklist", f"mlintern new {path} --into DIR writes an experiment"),
        {"paper": path, "targets": [target_fact(one) for one in brief.targets]},
    )


def target_fact(target: Target) -> dict[str, Any]:
    """A number to reach, as a program needs it."""
    return {"metric": target.metric, "value": target.value, "unit": target.unit, "split": target.split}


def inspect_data(surroundings: Surroundings, arguments: Arguments) -> Found:
    """A first look at a data set."""
    path = arguments["path"]
    try:
        report = look(surroundings.workspace.real(path))
    except UnreadableDataError as error:
        raise FailedError(f"{error} {error.hint}".strip()) from error
    return Found("\n".join(_data_lines(path, report)), (f"mlintern data {path} shows all of it",))


def _brief_lines(brief: Brief) -> Iterator[str]:
    for target in brief.targets[:_MOST_TOLD]:
        where = ", ".join(part for part in (target.split, target.dataset, target.model) if part)
        yield f"target: {target.metric} {target.value:g}{target.unit or ''} ({where}): “{_short(target.quote)}”"
    for one in brief.hyperparameters[:_MOST_TOLD]:
        value = f"{one.value:g}" if isinstance(one.value, float) else str(one.value)
        whose = f" of {one.applies_to}" if one.applies_to else ""
        yield f"{one.name} = {value}{one.unit or ''}{whose}: “{_short(one.quote)}”"
    for requirement in brief.requirements[:_MOST_TOLD]:
        yield f"{requirement.kind}: {_short(requirement.text)}"
    for conflict in brief.conflicts:
        yield f"contradiction: {conflict.name}: " + " / ".join(f"“{_short(quote)}”" for quote in conflict.quotes)
    if brief.unsaid:
        yield f"unsaid: {', '.join(brief.unsaid)}"


def _data_lines(path: str, report: DataReport) -> Iterator[str]:
    rows = f"more than {report.rows_read}" if report.rows is None else report.rows
    yield f"{path}: {report.form}, {rows} rows, {report.size_bytes} bytes"
    if report.sampled:
        yield f"looked at: {report.sampled}"
    yield from (f"column {one.name}: {_column(one)}" for one in report.columns[:_MOST_TOLD])
    for array in report.arrays[:_MOST_TOLD]:
        shape = " x ".join("?" if side is None else str(side) for side in array.shape)
        yield f"array {array.name}: {shape}, {array.dtype}"
    left = max(len(report.columns), len(report.arrays)) - _MOST_TOLD
    if left > 0:
        yield f"and {left} more"
    if report.classes:
        yield "classes: " + ", ".join(f"{_short(one.value, 40)} {one.count}" for one in report.classes[:12])
    if report.splits:
        yield "splits: " + ", ".join(f"{_short(one.value, 40)} {one.count}" for one in report.splits[:12])
    yield f"rows that repeat an earlier one: {'unknown' if report.duplicates is None else report.duplicates}"
    yield from (f"warning: {_short(one, 200)}" for one in report.warnings[:12])


def _column(column: Column) -> str:
    parts = [str(column.type)]
    if column.role is not None:
        parts.append(f"looks like the {column.role}")
    parts.append(f"{column.distinct} distinct, {column.missing} missing")
    if column.low is not None and column.high is not None:
        parts.append(f"{column.low:g} to {column.high:g}")
    return "; ".join(parts)


def _short(text: str, most: int = _QUOTE) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


TOOLS = (
    Tool("read_paper", "reads a paper or a task: targets, hyperparameters, requirements, what is unsaid",
         {"path": PATH}, Touches.WORKSPACE, read_paper),
    Tool("inspect_data", "describes a data file or a folder of data: columns, types, classes, splits, warnings",
         {"path": PATH}, Touches.WORKSPACE, inspect_data),
)  # fmt: skip
