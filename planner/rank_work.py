"""The work of all ranks, from the loops that rank 0 told: the others make the same ones at the same time.

Invariant: wall times stay; where there was one process nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..store import Store
from ..store.records import Json

_CLOCKS = ("head", "start", "warm", "last")


def loops_of(store: Store, run_id: int) -> Json | None:
    """The report ``loops`` of a run, with the CPU time of all its ranks in each loop."""
    loops = store.reports.get(run_id, "loops")
    ranks = store.reports.get(run_id, "ranks")
    world = (ranks or {}).get("world")
    if loops is None or not isinstance(world, int) or world < 2:
        return loops
    return of_all(loops, world)


def of_all(loops: Json, world: int) -> Json:
    """The report with the CPU time of each loop times the number of ranks."""
    tree = loops.get("tree")
    return {**loops, "tree": _node(tree, world)} if isinstance(tree, dict) else loops


def _node(node: Mapping[str, Any], world: int) -> Json:
    found = dict(node)
    if isinstance(found.get("self_cpu"), int | float):
        found["self_cpu"] = found["self_cpu"] * world
    for name in _CLOCKS:
        clock = found.get(name)
        if isinstance(clock, dict) and isinstance(clock.get("cpu"), int | float):
            squares = clock.get("cpu_squares") or 0.0
            found[name] = {**clock, "cpu": clock["cpu"] * world, "cpu_squares": squares * world * world}
    children = found.get("children")
    if isinstance(children, list):
        found["children"] = [_node(child, world) for child in children if isinstance(child, dict)]
    return found
