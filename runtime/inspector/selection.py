"""The test split where it chooses: an epoch, a stop, a threshold or a configuration.

Invariant: the rows that choose are surely called the test split by the code, and none else is measured afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

from .estimators import things_in
from .facts import Fact, fact, row
from .row_sets import is_test, is_validation
from .trace import Call, Trace
from .values import VALIDATION, Rows, Value, gathered

_STOPPERS = ("EarlyStopping", "ModelCheckpoint", "early_stopping")


def selections(trace: Trace) -> Iterator[Fact]:
    """One fact for each place where test rows decide."""
    choosing = frozenset(rows.split for one in trace.choices for rows in one.measured)
    untouched = any(is_test(rows) and rows.split not in choosing for rows in trace.measured)
    seen: set[tuple[str, int]] = set()
    for one in trace.choices:
        place = (one.spot.file, one.spot.line)
        if place in seen or not _only_test(one.measured) or _goes_over_rows(one.loops, one.measured):
            continue
        seen.add(place)
        split = sorted({rows.split.spot for rows in one.measured}, key=lambda spot: spot.line)
        shown = [row("chosen here", one.spot), *(row("the test split", spot) for spot in split)]
        doubted = untouched or any(VALIDATION in rows.split.also for rows in one.measured)
        yield fact("chosen on test", one.spot, *shown, certainty="perhaps" if doubted else "surely", way=one.what)
    for call in trace.calls:
        yield from _watched(call)
        yield from _scheduled(call)


def _only_test(measured: frozenset[Rows]) -> bool:
    """Whether whole test splits were measured; a group of their rows is looked at to understand, not to choose."""
    groups = any(rows.by_mask and rows is not rows.split for rows in measured)
    return bool(measured) and not groups and all(is_test(rows) for rows in measured)


def _goes_over_rows(loops: tuple[object, ...], measured: frozenset[Rows]) -> bool:
    """Whether a loop around goes over the very rows: then it looks at examples, and chooses none of the runs."""
    splits = {rows.split for rows in measured}
    return any({rows.split for rows in gathered([getattr(loop, "over", Value())]).rows} & splits for loop in loops)


def _watched(call: Call) -> Iterator[Fact]:
    """``fit`` with test rows to watch; a choice where something stops or keeps by them."""
    if (call.method or call.name.rpartition(".")[2]) not in ("fit", "train", "fit_generator"):
        return
    for name in ("eval_set", "validation_data", "valid_sets", "evals"):
        watched = call.keywords.get(name)
        held = gathered([watched]).rows if watched is not None else frozenset()
        test = [rows for rows in held if is_test(rows)]
        if not test or any(is_validation(rows) for rows in held):
            continue
        stops = _stops(call)
        rows = [row("watched here", call.spot), row("the test split", test[0].split.spot)]
        kind = "chosen on test" if stops else "watched on test"
        yield fact(kind, call.spot, *rows, way=f"{stops or name}", argument=name)


def _stops(call: Call) -> str:
    values = [*call.keywords.items()]
    for thing in call.made():
        values += list(thing.keywords.items())
    for name, value in values:
        if "early_stopping" in name and value.const is not None and value.const is not False:
            return name
        if name == "callbacks":
            made = [one.short for one in things_in(value) if one.short in _STOPPERS]
            if made or any(word in value.name for word in _STOPPERS):
                return made[0] if made else value.name
    return ""


def _scheduled(call: Call) -> Iterator[Fact]:
    """A schedule that follows a number measured on test rows."""
    if call.method != "step" or not any(thing.short == "ReduceLROnPlateau" for thing in call.made()):
        return
    given = call.argument(0, "metrics")
    if given is not None and not given.rows and _only_test(given.seen):
        split = next(iter(given.seen)).split.spot
        rows = [row("steered here", call.spot), row("the test split", split)]
        yield fact("steered by test", call.spot, *rows, way="ReduceLROnPlateau")
