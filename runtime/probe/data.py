"""Data loaders under the probe: how many batches they hold, what their workers cost, and the order of a rehearsal.

In a rehearsal the batches of a map-style loader come in another order: the first few as they are, the one with the
largest item among them, then spread evenly over the epoch (a length-sorted data set would otherwise look cheaper than
it is), and the true last batch, the ragged one, at the end. Outside a rehearsal nothing is touched.
"""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from .clocks import processes_cpu
from .longest import longest_batch
from .stuck import Waiting
from .tracker import Tracker
from .tree import Node

NATURAL_BATCHES = 8
LONGEST_AT = 1
"""Where the batch with the largest item comes."""
SAMPLE_SECONDS = 0.05
MOST_LISTED = 300_000
"""Epochs of more batches than this keep their own order."""


class SpreadOrder(Iterator):  # type: ignore[type-arg]
    """The index batches of one epoch, in the order of a rehearsal."""

    def __init__(self, indices: Iterator[Any], total: int, natural: int, dataset: Any = None) -> None:
        self._indices = indices
        self._total = total
        self._natural = natural
        self._dataset = dataset
        self._given = 0
        self._spread: Iterator[Any] | None = None
        self._rest: list[Any] | None = None
        self._target: int | None = None
        self.exhausted = False

    def __next__(self) -> Any:
        if self.exhausted:
            raise StopIteration
        if self._target is not None:
            self.exhausted = True
            return self._last()
        if self._given == LONGEST_AT and self._dataset is not None and self._total <= MOST_LISTED:
            self._bring_longest_forward()
        if self._given < self._natural or self._total > MOST_LISTED:
            item = next(self._indices)
            self._given += 1
            return item
        if self._spread is None:
            self._rest = list(self._indices)
            self._spread = spread(self._rest[:-1])
        for item in self._spread:
            self._given += 1
            return item
        self._target = self._total
        return next(self)

    def _bring_longest_forward(self) -> None:
        """Among the first iterations, whose time is not believed: a long one does not make the others look slow."""
        batches = list(self._indices)
        places = list(range(len(batches) - 1))
        longest = longest_batch(self._dataset, batches, spread(places)) if places else None
        if longest is not None:
            batches[0], batches[longest] = batches[longest], batches[0]
        self._indices, self._dataset = iter(batches), None

    def finish(self, shortest: int | None) -> None:
        """Give the last batch next, and then no more; ``shortest`` is where a ``zip`` would end."""
        self._target = min(self._total, shortest if shortest is not None else self._total)

    def _last(self) -> Any:
        if self._rest is None:
            before = deque(self._indices, maxlen=None if self._target != self._total else 1)
            self._rest = list(before)
            offset = self._total - len(self._rest)
        else:
            offset = min(self._natural, self._total)
        if not self._rest:
            raise StopIteration
        wanted = (self._target or self._total) - 1 - offset
        return self._rest[min(max(wanted, 0), len(self._rest) - 1)]


def spread(items: list[Any]) -> Iterator[Any]:
    """All items once, in bit-reversed order: any prefix is spread evenly over the whole."""
    bits = max(1, (len(items) - 1).bit_length())
    for counter in range(1 << bits):
        position = int(format(counter, f"0{bits}b")[::-1], 2)
        if position < len(items):
            yield items[position]


class LoaderWatch:
    """One iterator of one loader."""

    def __init__(self, loader: Any, iterator: Any, *, rehearses: bool, samples: bool) -> None:
        self._iterator = weakref.ref(iterator)
        self.total = _length(loader)
        self.workers = [process.pid for process in getattr(iterator, "_workers", [])]
        self.prefetched = len(self.workers) * (getattr(loader, "prefetch_factor", None) or 2) if self.workers else 0
        self.wait = 0.0
        self._booked_wait = 0.0
        self._received = 0
        self._sampling = bool(self.workers) and samples
        self._next_sample = 0.0
        self._first: tuple[float, int] | None = None
        self._latest: tuple[float, int] | None = None
        self._booked_start = False
        self._done_before = 0
        self._order: SpreadOrder | None = None
        if (
            rehearses
            and self.total
            and getattr(iterator, "_index_sampler", None) is not None
            and _is_map_style(iterator)
        ):
            dataset = getattr(loader, "dataset", None)
            if id(dataset) in _LOOKED_AT:
                dataset = None
            _LOOKED_AT.add(id(dataset))
            self._order = SpreadOrder(iterator._sampler_iter, self._left(iterator), NATURAL_BATCHES, dataset)
            iterator._sampler_iter = self._order

    def follow(self, earlier: LoaderWatch | None) -> None:
        """Persistent workers: the earlier epoch's clocks go on, and their start was booked."""
        if earlier is not None and earlier.workers == self.workers:
            self._first = self._latest = earlier._latest
            self._booked_start = earlier._latest is not None
            self._done_before = earlier._done_before + earlier._received

    def _left(self, iterator: Any) -> int:
        return (self.total or 0) - getattr(iterator, "_send_idx", 0)

    def pull(self, next_batch: Callable[[Any], Any], iterator: Any) -> Any:
        """Get the next batch, noting how long it took."""
        began = time.perf_counter()
        waiting = _WAITING[0]
        waiting.begin(self.workers)
        try:
            batch = next_batch(iterator)
        finally:
            waiting.end()
        self.wait += time.perf_counter() - began
        self._received += 1
        if self._sampling:
            self._sample(iterator)
        return batch

    def _sample(self, iterator: Any) -> None:
        """Read the workers' clocks while they live: they end with the epoch."""
        now = time.perf_counter()
        if now < self._next_sample:
            return
        self._next_sample = now + SAMPLE_SECONDS
        reading = processes_cpu(self.workers), self._done(iterator)
        if self._first is None:
            self._first = reading
        self._latest = reading

    def skip_to(self, shortest: int | None) -> None:
        """Make the last batch of the epoch the next one; batches already under way are thrown away."""
        iterator = self._iterator()
        if iterator is None or self._order is None:
            return
        on_their_way = getattr(iterator, "_tasks_outstanding", 0)
        if self._order.exhausted:
            on_their_way -= 1
        self._order.finish(shortest)
        for _ in range(max(0, on_their_way)):
            _ORIGINAL_NEXT[0](iterator)

    def account(self, node: Node) -> None:
        """Book waiting and the workers' CPU time since the last time on ``node``."""
        node.wait += self.wait - self._booked_wait
        self._booked_wait = self.wait
        if self._first is None or self._latest is None:
            return
        (first_cpu, first_done), (cpu, done) = self._first, self._latest
        batches, steady = done - first_done, cpu - first_cpu
        node.workers = len(self.workers)
        node.worker_cpu += steady
        node.worker_batches += batches
        if not self._booked_start:
            each = steady / batches if batches > 0 else 0.0
            node.worker_start_cpu += max(0.0, first_cpu - first_done * each)
            node.worker_starts += 1
            self._booked_start = True
        self._first = self._latest

    def _done(self, iterator: Any) -> int:
        """Batches that the workers have finished: those received and those waiting in the queue."""
        try:
            waiting = iterator._worker_result_queue.qsize()
        except (AttributeError, NotImplementedError, OSError):
            waiting = 0
        return self._done_before + self._received + int(waiting)


_LOOKED_AT: set[int] = set()
"""Data sets whose largest item was looked for: once is enough."""

_WAITING = [Waiting()]
"""The wait that is under way."""

_ORIGINAL_NEXT: list[Callable[[Any], Any]] = []


def _length(loader: Any) -> int | None:
    try:
        return len(loader)
    except Exception:  # noqa: BLE001  boundary: foreign __len__ of an iterable data set
        return None


def _is_map_style(iterator: Any) -> bool:
    return str(getattr(iterator, "_dataset_kind", 0)) in ("0", "_DatasetKind.Map")


def install(torch: Any, tracker: Tracker, *, in_worker: Callable[[], bool], waiting: Waiting) -> None:
    """Watch every loader of this process."""
    _WAITING[:] = [waiting]
    module = torch.utils.data.dataloader
    watches: weakref.WeakKeyDictionary[Any, LoaderWatch] = weakref.WeakKeyDictionary()
    make_iterator = module.DataLoader.__iter__
    next_batch = module._BaseDataLoaderIter.__next__
    _ORIGINAL_NEXT[:] = [next_batch]

    def __iter__(loader: Any) -> Any:
        iterator = make_iterator(loader)
        if not in_worker() and isinstance(iterator, module._BaseDataLoaderIter):
            watch = LoaderWatch(
                loader, iterator, rehearses=tracker.policy.rehearses, samples=tracker.policy.mode != "watch"
            )
            watch.follow(watches.get(iterator))
            watches[iterator] = watch
        return iterator

    def __next__(iterator: Any) -> Any:
        watch = watches.get(iterator)
        if watch is None:
            return next_batch(iterator)
        tracker.on_loader(watch)
        return watch.pull(next_batch, iterator)

    module.DataLoader.__iter__ = __iter__
    module._BaseDataLoaderIter.__next__ = __next__
