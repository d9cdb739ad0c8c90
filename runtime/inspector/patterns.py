"""All patterns of a program, as the report gives them.

Invariant: looking for them never fails the inspection; a part that could not look says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from . import leaks, metrics_use, seeds, selection, training_order
from .facts import Fact
from .flow import follow
from .project import Project
from .trace import Trace

MOST_SECONDS = 0.8
_LOOKS: dict[str, Callable[[Trace, Project], Iterator[Fact]]] = {
    "leaks": lambda trace, project: leaks.leaks(trace),
    "dropped rows": lambda trace, project: leaks.dropped(trace),
    "selection": lambda trace, project: selection.selections(trace),
    "training order": training_order.training_order,
    "metrics": lambda trace, project: metrics_use.metrics_use(trace),
    "seeds": seeds.seeds,
}


def patterns(project: Project) -> tuple[dict[str, Any], Trace]:
    """Facts, what was looked for, and what was in the way; and the trace that they were found in."""
    started = time.perf_counter()
    found: list[Fact] = []
    looked: list[str] = []
    blind: list[str] = []
    try:
        trace = follow(project, seconds=MOST_SECONDS)
    except Exception as problem:  # noqa: BLE001  boundary: code that nobody foresaw must not end the inspection
        blind = [f"the flow of the program was not understood ({problem!r:.200})"]
        return {"facts": [], "looked": [], "blind": blind}, Trace()
    for name, look in _LOOKS.items():
        try:
            found += look(trace, project)
            looked.append(name)
        except Exception as problem:  # noqa: BLE001  boundary: as above
            blind.append(f"{name}: {problem!r:.200}")
    seconds = round(time.perf_counter() - started, 3)
    return {"facts": found, "looked": looked, "blind": [*trace.blind, *blind], "seconds": seconds}, trace
