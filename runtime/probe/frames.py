"""What is active: the frames on the tracker's stack, one for every loop and periodic branch that is being run.

Invariant: a frame books its own time only; what inner frames used is theirs.
"""

from __future__ import annotations

import time
from typing import Any

from . import sources
from .bounds import Bound
from .policy import WARM_UP
from .tree import Node

TIGHT_ITERATIONS = 256
TIGHT_SECONDS = 20e-6
"""A loop that ran this often, this fast, without any event is left to run at full speed."""


FORGET_ENTRIES = 32
"""A loop that was entered so often and was always tight, such as over the pixels of an image, is followed no more."""


class Frame:
    """One active loop or branch: what is on the tracker's stack."""

    __slots__ = ("began_cpu", "began_wall", "caller", "inner_cpu", "inner_wall", "node", "parent")

    def __init__(self, node: Node, caller: int, parent: Frame | None) -> None:
        self.node = node
        self.caller = caller
        self.parent = parent
        self.inner_cpu = 0.0
        self.inner_wall = 0.0
        self.began_cpu = time.process_time()
        self.began_wall = time.perf_counter()

    def restart(self) -> tuple[float, float]:
        """Self time (CPU, wall) since the last restart, without what inner frames used."""
        cpu, wall = time.process_time(), time.perf_counter()
        spent = cpu - self.began_cpu, wall - self.began_wall
        self.began_cpu, self.began_wall = cpu, wall
        own = spent[0] - self.inner_cpu, spent[1] - self.inner_wall
        self.inner_cpu = self.inner_wall = 0.0
        node = self.node
        node.self_cpu += own[0]
        node.self_wall += own[1]
        if self.parent is not None:
            self.parent.inner_cpu += spent[0]
            self.parent.inner_wall += spent[1]
        return own


class Loop(Frame):
    """One entry of a loop."""

    __slots__ = (
        "bounds", "data_driven", "encloses", "feeders", "final", "first_index", "foreseen", "grad_at_entry", "index",
        "iteration_backward", "iteration_forward", "iteration_stepped", "loaders", "of_items", "over_modules",
        "over_names", "planned", "prefetched", "pulling", "running", "source", "stepped", "stop", "whole",
    )  # fmt: skip

    def __init__(self, node: Node, caller: int, parent: Frame | None, source: Any = None) -> None:
        super().__init__(node, caller, parent)
        self.source = source
        self.planned: int | None = None
        self.index = 0
        """Iterations completed in this entry."""
        self.running = False
        """An iteration has begun and not ended."""
        self.pulling = False
        self.iteration_stepped = self.iteration_backward = self.iteration_forward = False
        self.grad_at_entry = True
        self.stepped = 0
        """Iterations of this entry with an optimizer step."""
        self.encloses = False
        """A training or evaluation loop ran inside this entry."""
        self.final = False
        """The iteration under way is the last one the policy wants."""
        self.stop = False
        self.whole = False
        self.loaders: list[Any] = []
        self.feeders: dict[int, int | None] = {}
        self.prefetched = 0
        self.data_driven = False
        self.over_names = type(source) in (list, tuple, dict) and not _are_numbers(source)
        self.over_modules = False
        self.of_items = source is not None
        """A ``for`` loop: it will end by itself."""
        self.bounds: dict[int, Bound] = {}
        self.first_index: int | None = None
        self.foreseen: set[int] = set()

    def indices(self) -> range | None:
        """The values that the index of a ``range`` or ``enumerate`` loop takes in a whole entry."""
        source = getattr(self.source, "iterable", self.source)
        sequence = getattr(source, "sequence", source)
        if isinstance(sequence, range):
            return sequence
        if self.planned is not None and self.first_index is not None:
            return range(self.first_index, self.first_index + self.planned)
        return None

    @property
    def is_last(self) -> bool:
        """Whether the iteration under way is the last of the entry, by nature or by a cut."""
        return self.final or (self.planned is not None and self.index >= self.planned - 1)

    def mark_step(self) -> None:
        """The iteration under way has made an optimizer step."""
        if not self.iteration_stepped:
            self.iteration_stepped = True
            self.stepped += 1

    def meet(self, item: Any) -> None:
        """Look at the entry's first item, from which its kind shows."""
        self.plan_entry()
        kind = type(item)
        parts = item if kind in (tuple, list) else (item,)
        if kind is tuple and type(getattr(self.source, "iterable", self.source)) is enumerate:
            self.first_index = item[0]
        self.over_modules = any(hasattr(part, "named_parameters") for part in parts)
        self.data_driven = any(hasattr(part, "requires_grad") for part in parts) or bool(self.loaders)

    def plan_entry(self) -> None:
        """Settle how many iterations the full run makes in this entry."""
        if self.planned is None and self.feeders and all(length is not None for length in self.feeders.values()):
            product = 1
            for length in self.feeders.values():
                product *= length or 0
            self.planned = product
        if self.planned is None and len(self.loaders) == 1:
            self.planned = self.loaders[0].total
        self.node.plan(self.planned)

    def left_early(self, *, sees_other_values: bool) -> None:
        """The script left the loop by itself: so long is this entry in the full run too.

        Not where a changing condition ended it and the full run will see other values: after something was cut, and in
        any rehearsal, whose batches come in an order of their own.
        """
        if sees_other_values and self.node.early_line is not None:
            self.node.cut = True
        elif self.planned is not None and self.index < self.planned:
            self.node.planned_sum += self.index - self.planned
            self.planned = self.index

    def is_tight(self, started: float) -> bool:
        """Whether the entry has only been fast and uneventful since ``started``."""
        return self._only_computes and (time.perf_counter() - started) / self.index < TIGHT_SECONDS

    @property
    def _only_computes(self) -> bool:
        """Whether nothing was seen, and nothing in its text says, that has to do with training or evaluation."""
        site = self.node.site
        return self.node.role == "plain" and not self.encloses and not (site is not None and site.trains)

    @property
    def is_forgettable(self) -> bool:
        """Whether the loop was entered often enough, and was short and uneventful enough, to be followed no more."""
        node = self.node
        return (
            node.entries >= FORGET_ENTRIES
            and node.site is not None
            and self._only_computes
            and node.self_wall < TIGHT_SECONDS * node.iterations
        )

    def book_time(self, cpu: float, wall: float) -> None:
        """Book an iteration's own time on the clock that it belongs to."""
        node = self.node
        if self.final:
            node.last.add(cpu, wall)
        elif node.entries == 1 and self.index < WARM_UP + self.prefetched:
            node.head.add(cpu, wall)
        elif self.index == 0:
            node.start.add(cpu, wall)
        else:
            node.warm.add(cpu, wall)

    def skip_to_last(self, jumps: Any) -> None:
        """Make the true last item the next one, where the source allows it."""
        if self.planned is not None and self.index >= self.planned - 1:
            return
        if self.loaders:
            shortest = min((loader.total for loader in self.loaders if loader.total is not None), default=None)
            for loader in self.loaders:
                loader.skip_to(shortest)
        else:
            sources.jump(jumps)

    def summarise_bounds(self) -> None:
        """Leave on the node what the loop's own conditions say of its end."""
        reports = [report for report in (bound.report() for bound in self.bounds.values()) if report is not None]
        if reports:
            self.node.bound = min(reports, key=lambda report: report["steps"] or report["iterations"] or 0)


def _are_numbers(source: Any) -> bool:
    return all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in list(source)[:20])
