"""Makes one turn of a training loop again: the same item, the same random numbers, as often as an observer asks.

Invariant: what a repeated turn does counts for nothing: the tracker follows nothing of it, schedules stand still, one
observer alone is told, and the random state afterwards is what it was after the turn itself.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .looks import tensors_in
from .randomness import RandomState
from .trial import copied

if TYPE_CHECKING:
    from .examiner import Examiner
    from .observer import Observer

MOST_BYTES = 64 << 20
FIRST_TURNS = 3
"""Of a loop that was not seen to train yet, so many turns are kept."""


class Repetition:
    """One examination's repeated turns."""

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner
        self.is_possible = False
        """The turn under way could be made again."""

    def turns(self, loop: Any, item: Any) -> Iterator[Any]:
        """The item, and again as often as an observer wants."""
        kept = self._keep(loop, item)
        if kept is None:
            yield item
            return
        begun = RandomState(self._examiner.torch)
        self.is_possible = True
        try:
            yield item
        finally:
            self.is_possible = False
        asker = self._asker(loop)
        if asker is None:
            return
        ended = RandomState(self._examiner.torch)
        while asker is not None:
            begun.restore()
            yield from self._again(asker, _own(kept[0]))
            asker = self._asker(loop)
        ended.restore()

    def _again(self, asker: Observer, item: Any) -> Iterator[Any]:
        examiner = self._examiner
        examiner.only = asker
        examiner.tracker.forward_depth += 1  # nothing of it is followed
        examiner.tell("before_again")
        try:
            yield item
        finally:
            examiner.tell("after_again")
            examiner.tracker.forward_depth -= 1
            examiner.only = None

    def _asker(self, loop: Any) -> Observer | None:
        for observer in self._examiner.observers:
            try:
                if self._examiner.is_in(observer) and observer.wants_again(loop):
                    return observer
            except Exception:  # noqa: BLE001  boundary: as in Examiner.tell
                continue
        return None

    def _keep(self, loop: Any, item: Any) -> tuple[Any] | None:
        """A copy of the item; ``None`` where this loop does not train, or the item cannot be kept."""
        if self._examiner.torch is None or not self._examiner.is_here() or self._examiner.only is not None:
            return None
        if loop.node.role != "train" and (loop.index >= FIRST_TURNS or loop.node.role != "plain"):
            return None
        if loop.over_modules or sum(one.numel() * one.element_size() for one in tensors_in(item)) > MOST_BYTES:
            return None
        try:
            return (_own(item),)
        except Exception:  # noqa: BLE001  boundary: foreign objects may refuse to be copied
            return None


def _own(item: Any) -> Any:
    """A copy that the script may change in place."""
    plain = (int, float, str, bytes, bool, type(None))
    parts = item if type(item) in (list, tuple) else (item,)
    if all(isinstance(part, plain) or hasattr(part, "grad_fn") for part in parts):
        return copied(item)
    return copy.deepcopy(item)
