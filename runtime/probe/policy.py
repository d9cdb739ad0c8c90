"""When a loop has been seen enough: the rule that cuts a rehearsal or ends a pilot, and nothing else.

Invariant: a loop is cut only when it was seen to train or to evaluate, or to enclose one that does. Accumulation loops
and everything else run whole. In ``watch`` mode nothing is ever cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .frames import Loop
    from .tree import Node

WARM_UP = 3
"""Iterations at the start of a loop that say nothing about time."""

TRAINING_SHARE, EVALUATION_SHARE = 0.5, 0.25
"""The parts of a rehearsal's time that go into the steady iterations of a training and of an evaluation loop."""

MOST_ITERATIONS = 3000
MOST_EPOCHS = 50
"""So many are enough, however short they are."""

EXAMINED_ITERATIONS, EXAMINATION_PATIENCE = 16, 3.0
"""An examination wants so many steps, on a busy machine too, for at most so many times its time."""

COUNTED_STEPS = 12
"""Iterations of a training loop's first entry that are enough where counts alone decide."""

ITEMS_SECONDS = 10.0
"""How long an outer loop of unknown length may go on with its own work, such as making folds, before it is cut."""


@dataclass(frozen=True)
class Policy:
    """How much of each loop to run; see :meth:`enough`."""

    mode: str = "watch"
    stop_steps: int | None = None
    budget_seconds: float = 6.0
    thorough: bool = False
    """Leave outer and evaluation loops whole, so that what the script collects has its full length."""

    by_count: bool = False
    """Whether counts alone decide: so the ranks of one job cut alike, whatever time each of them took."""

    fewest: int = 5
    few_outer: int = 3
    few_items: int = 16

    @property
    def rehearses(self) -> bool:
        """Whether loops are cut to a few iterations."""
        return self.mode in ("rehearse", "dryrun", "examine")

    @property
    def is_dry(self) -> bool:
        """Whether nothing is computed: then the fewest iterations are enough, and no time is measured."""
        return self.mode == "dryrun"

    def enough(self, loop: Loop, steps_done: int) -> bool:
        """Whether ``loop``, at the end of an iteration, needs only its last one more."""
        if self.mode == "pilot":
            return (
                loop.node.role in ("train", "outer") and self.stop_steps is not None and steps_done >= self.stop_steps
            )
        if not self.rehearses:
            return False
        if self.is_dry:
            return self._enough_dry(loop)
        if self.by_count:
            return self._enough_by_count(loop)
        if loop.node.role == "train":
            return self._enough_training(loop)
        if loop.node.role == "eval":
            return self._enough_evaluation(loop)
        return loop.node.role == "outer" and loop.encloses and self._enough_outer(loop)

    def _enough_dry(self, loop: Loop) -> bool:
        """One iteration, of training one with a step, and then the last one; of a short list of models each."""
        if loop.node.role == "train":
            return loop.iteration_stepped
        return loop.node.role == "eval" or (
            loop.node.role == "outer" and loop.encloses and not self._is_short_list(loop)
        )

    def _enough_by_count(self, loop: Loop) -> bool:
        planned = loop.planned
        if loop.node.role == "train":
            if not loop.iteration_stepped or (planned is not None and planned <= self.fewest):
                return False
            return loop.index >= (1 if self.thorough else COUNTED_STEPS if loop.node.entries <= 1 else 2)
        if loop.node.role == "eval":
            return not self.thorough and loop.index >= self.fewest and (planned is None or planned > self.few_outer)
        if loop.node.role != "outer" or not loop.encloses or self._is_short_list(loop):
            return False
        if planned is None and loop.of_items:
            return loop.index >= self.few_items
        return loop.index >= 1 and (planned is None or planned > self.few_outer)

    def _is_short_list(self, loop: Loop) -> bool:
        """A short list of models or folds: each item is its own program."""
        return loop.planned is not None and loop.over_names and loop.planned <= self.few_items

    def _enough_training(self, loop: Loop) -> bool:
        if not loop.iteration_stepped:
            return False  # only whole accumulation periods
        if loop.planned is not None and loop.planned <= self.fewest:
            return False
        node = loop.node
        if self.thorough:
            return loop.index >= 1
        if self._sees_too_little(node):
            return False
        if seconds_below(node) > self.budget_seconds:
            return loop.index >= 2
        if not self._is_sampled(node):
            return False
        return loop.index >= (2 if node.entries > 1 else max(self.fewest, loop.prefetched + WARM_UP + 4))

    def _sees_too_little(self, node: Node) -> bool:
        return (
            self.mode == "examine"
            and node.iterations < EXAMINED_ITERATIONS
            and seconds_below(node) < EXAMINATION_PATIENCE * self.budget_seconds
        )

    def _enough_evaluation(self, loop: Loop) -> bool:
        if self.thorough or (loop.planned is not None and loop.planned <= self.few_outer):
            return False
        node = loop.node
        if loop.planned is not None and node.warm.count:
            seconds = node.warm.wall + node.head.wall + node.start.wall
            rest = (loop.planned - loop.index) * node.warm.wall / node.warm.count
            if seconds + rest <= self.budget_seconds / 8:
                return False  # cheap: leave it whole, so that what it collects has its full length
        if seconds_below(node) > self.budget_seconds / 2:
            return loop.index >= 2
        return self._is_sampled(node) and loop.index >= (2 if node.entries > 1 else self.fewest)

    def _is_sampled(self, node: Node) -> bool:
        """Whether the steady iterations of a loop took long enough together to tell what one takes.

        The speed of a machine that others use too changes from second to second, so it is time that counts. A loop
        whose steps are made in a loop inside it, as the Trainer's are, spends no time of its own.
        """
        share = TRAINING_SHARE if node.role == "train" else EVALUATION_SHARE
        steady = node.warm if node.warm.count else node.start  # a loop of one turn has nothing but starts
        if steady.count >= MOST_ITERATIONS or steady.wall >= self.budget_seconds * share:
            return True
        return any(self._is_sampled(child) for child in node.children.values() if child.role == node.role)

    def _enough_outer(self, loop: Loop) -> bool:
        if loop.planned is not None:
            if loop.planned <= self.few_outer:
                return False
            if self._is_short_list(loop):
                return False
        if loop.planned is None and loop.of_items and loop.node.self_wall < ITEMS_SECONDS:
            return loop.index >= self.few_items  # folds and the like, from a generator that hides their number
        seconds = seconds_below(loop.node)
        if self.thorough and seconds < self.budget_seconds:
            return loop.index >= 200
        if seconds < self.budget_seconds and not all(self._is_sampled(node) for node in training_below(loop.node)):
            return loop.index >= MOST_EPOCHS  # epochs too short to tell what a step takes
        return loop.index >= 1


def seconds_below(node: Node) -> float:
    """Wall time that a loop has taken, with everything inside it."""
    return node.self_wall + sum(seconds_below(child) for child in node.children.values())


def training_below(node: Node) -> Iterator[Node]:
    """The training loops inside a loop."""
    for child in node.children.values():
        if child.role == "train":
            yield child
        yield from training_below(child)
