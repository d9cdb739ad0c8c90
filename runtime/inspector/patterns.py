"""All patterns of a program, as the report gives them.

Invariant: looking for them never fails the inspection; a part that could not look says so.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import future, leaks, metrics_use, seeds, selection, training_order
from .facts import Fact
from .flow import follow
from .project import Project
from .trace import Trace
from .values import Value

MOST_SECONDS = 0.8
_LOOKS: dict[str, Callable[[Trace, Project], Iterator[Fact]]] = {
    "leaks": lambda trace, project: leaks.leaks(trace),
    "dropped rows": lambda trace, project: leaks.dropped(trace),
    "selection": lambda trace, project: selection.selections(trace),
    "training order": training_order.training_order,
    "metrics": lambda trace, project: metrics_use.metrics_use(trace),
    "seeds": seeds.seeds,
    "windows": lambda trace, project: future.windows_ahead(project),
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
    report = {"facts": found, "looked": looked, "blind": [*trace.blind, *blind], "seconds": seconds}
    return {**report, "left_to_libraries": _left_to_libraries(trace)}, trace


def _is_framework(base: Value) -> bool:
    """Whether a base class may call its methods by itself; a torch module's are called where it is."""
    return bool(base.name) and not base.name.startswith(("torch.", "builtins.", "abc.", "enum.", "typing."))


def _left_to_libraries(trace: Trace) -> list[str]:
    """Methods that no line of the user's calls, of classes that a library's class is the base of."""
    found = []
    for owner in sorted(trace.made, key=lambda one: one.node.lineno):
        for node in owner.node.body if any(map(_is_framework, owner.bases)) else ():
            is_called = not isinstance(node, ast.FunctionDef) or node in trace.entered or node.name.startswith("__")
            if not is_called and isinstance(node, ast.FunctionDef):
                found.append(f"{owner.node.name}.{node.name}")
    return found
