"""Which batch of an epoch holds the largest item: memory is decided by it, and a few batches seldom meet it.

Invariant: bounded in time, and only looked for in a rehearsal. A data set that cannot be read from here, or whose items
are all of one size, has no such batch.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

LOOK_SECONDS = 0.3
ALIKE = 24
"""So many items of one size, spread over the epoch: the others are taken to be of that size too."""


def longest_batch(dataset: Any, batches: Sequence[Any], order: Iterable[int]) -> int | None:
    """The place in ``batches``, lists of indices, of the one that takes most when it is padded to its largest item.

    ``order`` says in which order the batches are looked at, until the time is over.
    """
    until = time.monotonic() + LOOK_SECONDS
    best: tuple[int, int] | None = None
    seen: set[int] = set()
    count = 0
    for place in order:
        batch = batches[place]
        if not isinstance(batch, list) or time.monotonic() > until:
            break
        sizes = _sizes(dataset, batch)
        if sizes is None:
            return None
        seen.update(sizes)
        count += len(sizes)
        if len(seen) == 1 and count >= ALIKE:
            return None
        padded = max(sizes) * len(sizes)
        if best is None or padded > best[0]:
            best = padded, place
    return best[1] if best is not None and len(seen) > 1 else None


def _sizes(dataset: Any, batch: list[Any]) -> list[int] | None:
    try:
        return [_size(dataset[index]) for index in batch]
    except Exception:  # noqa: BLE001  boundary: the script's own data set
        return None


def _size(item: Any) -> int:
    """How many numbers or characters an item holds."""
    if hasattr(item, "numel"):
        return int(item.numel())
    if isinstance(item, dict):
        return sum(_size(value) for value in item.values())
    if isinstance(item, tuple) or (isinstance(item, list) and item and not isinstance(item[0], (int, float))):
        return sum(_size(value) for value in item)
    if hasattr(item, "size") and not callable(item.size):
        return int(item.size)
    return len(item) if hasattr(item, "__len__") else 1
