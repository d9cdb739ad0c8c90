"""Held-out rows that something was fitted on, that were copied, or that were dropped.

Invariant: a fact names the line of the fit and the line where the rows were held out.
"""

from __future__ import annotations

from collections.abc import Iterator

from .facts import Fact, fact, row
from .trace import Leak, Trace
from .values import TEST

_WHERE = {"cross-validation": "cross-validated here", "refit": "fitted again here"}


def leaks(trace: Trace) -> Iterator[Fact]:
    """One fact for each fit, with every way in which it reaches rows that are held out."""
    groups: dict[tuple[str, int, str], list[Leak]] = {}
    for one in trace.leaks:
        groups.setdefault((one.fit.spot.file, one.fit.spot.line, one.fit.kind), []).append(one)
    for (_, _, kind), found in sorted(groups.items()):
        found.sort(key=lambda one: (one.fit.what, one.held.spot.line, one.spot.line))
        first = found[0]
        if kind == "group" and first.fit.what not in trace.targets:
            continue  # a statistic of each group's other columns is a habit, and mostly a sound one
        whats = ", ".join(dict.fromkeys(one.fit.what for one in found if one.fit.what))
        rows = [row("fitted here" if kind != "copies" else "rows are copied here", first.fit.spot)]
        for one in found:
            where = _WHERE.get(one.way, "held out here")
            spot = one.spot if one.way != "split" else one.held.spot
            if row(where, spot) not in rows:
                rows.append(row(where, spot))
        roles = sorted({one.held.role for one in found})
        sure = any(one.held.by_splitter or one.held.parent is not None for one in found) or first.way != "split"
        yield fact(
            {"copies": "copied before split"}.get(kind, "fitted before split"), first.fit.spot, *rows,
            certainty="surely" if sure else "perhaps", what=whats, fit=kind, way=first.way, roles=roles,
            nested=all(map(_is_nested, found)),
        )  # fmt: skip


def _is_nested(leak: Leak) -> bool:
    """Whether only a split of the training rows is touched, and the outer split keeps its own rows apart."""
    outer = leak.held.inside_of_training
    return outer is not None and all(outer in rows.line() for rows in leak.fit.rows)


def dropped(trace: Trace) -> Iterator[Fact]:
    """Rows of the test split that are dropped under its own name, where the training rows are not."""
    tests = [one for one in trace.filters if one.rows.split.role == TEST]
    names = {one.name.lower().replace(TEST, "") for one in tests}
    is_alone = len(tests) == len(trace.filters)
    for one in tests:
        yield fact(
            "test rows dropped", one.spot, row("rows are dropped here", one.spot), row("the split", one.rows.spot),
            certainty="surely" if one.by_prediction else "perhaps", name=one.name, by_prediction=one.by_prediction,
            count=len(names), only_here=is_alone and not one.is_cleaning,
        )  # fmt: skip
