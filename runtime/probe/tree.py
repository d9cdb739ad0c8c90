"""The loop tree: what the program did, as a tree of loops and periodic branches, with counts and self times.

A node stands for one site under one chain of enclosing sites. Times are *self* times: the children's are not in them.
Invariant: the first iterations of a loop's first entry (warm-up), the first iteration of later entries (start-up of
loaders) and the last iteration of a cut loop are kept apart from the steady ones, because they cost differently.
"""

from __future__ import annotations

from typing import Any

from .sites import Site

ROLES = ("plain", "outer", "accumulate", "eval", "train")
"""What a loop was seen to do, weakest first; a role only ever grows stronger."""

Variant = tuple[int, "int | None"] | None
"""Where a loop's function was called from, and what it runs over: ``run_epoch`` trains and evaluates with one loop."""

MOST_VARIANTS = 64


class Clock:
    """Seconds of CPU and wall time, with the number of iterations they belong to."""

    __slots__ = ("count", "cpu", "cpu_squares", "wall")

    def __init__(self) -> None:
        self.count = 0
        self.cpu = 0.0
        self.wall = 0.0
        self.cpu_squares = 0.0

    def add(self, cpu: float, wall: float) -> None:
        """Add one iteration."""
        self.count += 1
        self.cpu += cpu
        self.wall += wall
        self.cpu_squares += cpu * cpu

    def as_json(self) -> dict[str, Any]:
        """Plain values for the report."""
        return {"count": self.count, "cpu": self.cpu, "wall": self.wall, "cpu_squares": self.cpu_squares}


class Node:
    """One loop or branch, under its parent."""

    __slots__ = (
        "backwards", "bound", "children", "cut", "early_line", "entries", "first_fire", "forced", "foreseen",
        "foreseen_entries", "head", "iterations", "last", "natural", "other", "parent", "period", "planned_count",
        "planned_sum", "planned_unknown", "role", "self_cpu", "self_wall", "site", "start", "steps", "tests",
        "variant", "wait", "warm", "worker_batches", "worker_cpu", "worker_start_cpu", "worker_starts", "workers",
    )  # fmt: skip

    def __init__(self, site: Site | None, parent: Node | None) -> None:
        self.site = site
        self.parent = parent
        self.children: dict[tuple[int, Variant], Node] = {}
        self.variant = 0
        """Which of its site's nodes under the same parent this is, in the order of their first entries."""
        self.role = "plain"
        self.entries = 0
        self.iterations = 0
        self.planned_sum = 0
        self.planned_count = 0
        self.planned_unknown = 0
        self.cut = False
        self.early_line: int | None = None
        """The line of a condition that may end the loop at any iteration."""
        self.steps: dict[int, int] = {}
        self.backwards = 0
        self.bound: dict[str, Any] | None = None
        self.head = Clock()
        self.start = Clock()
        self.warm = Clock()
        self.last = Clock()
        self.wait = 0.0
        self.self_cpu = 0.0
        self.self_wall = 0.0
        self.workers = 0
        self.worker_cpu = 0.0
        self.worker_start_cpu = 0.0
        self.worker_starts = 0
        self.worker_batches = 0
        # branches only
        self.period: int | None = None
        self.tests = 0
        self.first_fire: int | None = None
        self.foreseen = 0
        self.foreseen_entries = 0
        self.natural = 0
        self.other = 0
        self.forced = 0

    def child(self, site: Site, variant: Variant = None) -> Node:
        """The node of ``site`` under this one, made at the first visit; a loop that serves two ends has two."""
        node = self.children.get((site.number, variant))
        if node is None:
            siblings = sum(1 for number, _ in self.children if number == site.number)
            if siblings >= MOST_VARIANTS:
                return next(node for (number, _), node in self.children.items() if number == site.number)
            node = self.children[site.number, variant] = Node(site, self)
            node.variant = siblings
        return node

    def plan(self, iterations: int | None) -> None:
        """Book how many iterations the full run makes in the entry that begins; ``None`` where nobody can know."""
        if iterations is None:
            self.planned_unknown += 1
        else:
            self.planned_sum += iterations
            self.planned_count += 1

    def strengthen(self, role: str) -> None:
        """Take a stronger role."""
        if ROLES.index(role) > ROLES.index(self.role):
            self.role = role

    def as_json(self) -> dict[str, Any]:
        """The report of this node and everything below it."""
        site = self.site
        report: dict[str, Any] = {
            "kind": site.kind if site else "root",
            "file": site.file if site else None,
            "line": site.line if site else None,
            "text": site.text if site else None,
            "variant": self.variant,
            "role": self.role,
            "entries": self.entries,
            "iterations": self.iterations,
            "planned_sum": self.planned_sum,
            "planned_count": self.planned_count,
            "planned_unknown": self.planned_unknown,
            "cut": self.cut,
            "early_line": self.early_line,
            "steps": {str(number): count for number, count in self.steps.items()},
            "backwards": self.backwards,
            "bound": self.bound,
            "head": self.head.as_json(),
            "start": self.start.as_json(),
            "warm": self.warm.as_json(),
            "last": self.last.as_json(),
            "wait": self.wait,
            "self_cpu": self.self_cpu,
            "self_wall": self.self_wall,
            "children": [child.as_json() for child in self.children.values()],
        }
        if self.workers:
            report["workers"] = {
                "count": self.workers,
                "cpu": self.worker_cpu,
                "start_cpu": self.worker_start_cpu,
                "starts": self.worker_starts,
                "batches": self.worker_batches,
            }
        if site is not None and site.kind == "branch":
            report["branch"] = {
                "period": self.period,
                "local": site.local,
                "tests": self.tests,
                "first_fire": self.first_fire,
                "foreseen": self.foreseen / self.foreseen_entries if self.foreseen_entries else None,
                "natural": self.natural,
                "other": self.other,
                "forced": self.forced,
            }
        return report
