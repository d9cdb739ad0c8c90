"""Which storages of torch live, how large each is and what it holds: the ledger from which a peak is read.

It is told of every tensor that an operation returns, and hears from a weak reference when a storage dies. What a
storage holds is often known only later (a tensor made in a backward pass turns out to be a gradient), so categories are
settled when the peak is read: what a storage turned out to be, it was from its birth. Invariant: the categories of a
peak add up to its total, in bytes.

On an accelerator sizes are rounded up to 512 bytes, as its allocator does; on the host they are what was asked for.
Scratch memory that an operation takes and gives back inside itself is not seen.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

CATEGORIES = ("parameters", "gradients", "optimizer", "activations", "temporaries", "inputs")
"""What memory holds; ``inputs`` are batches, data sets, buffers and whatever else was made outside the model."""

ACCELERATOR_BLOCK = 512
MOST_EVENTS = 400_000
"""After so many allocations and frees the peak so far is kept and the events are forgotten."""


class Block:
    """One storage, from its first tensor to its end."""

    __slots__ = ("born", "device", "is_alive", "is_kept", "kind", "size")

    def __init__(self, device: str, size: int, born: str, kind: str | None) -> None:
        self.device = device
        self.size = size
        self.born = born
        """The stage in which it was made: ``outside``, ``forward``, ``backward`` or ``step``."""
        self.kind = kind
        """What it was found to be; ``None`` leaves it to where it was born."""
        self.is_alive = True
        self.is_kept = False
        """Whether it outlived the forward pass that made it."""

    @property
    def category(self) -> str:
        """What it holds, as far as is known now."""
        if self.kind is not None:
            return self.kind
        if self.born == "forward":
            return "activations" if self.is_kept else "temporaries"
        return "inputs" if self.born == "outside" else "temporaries"


@dataclass(slots=True)
class Peak:
    """The most memory at one moment, in bytes, and what it held then."""

    total: int = 0
    parts: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, int]:
        """Total and every category."""
        return {"total": self.total, **{name: self.parts.get(name, 0) for name in CATEGORIES}}


class Ledger:
    """The storages of one process."""

    def __init__(self) -> None:
        self.stage = "outside"
        self._purpose = "setup"
        self._live: dict[int, tuple[Block, Any]] = {}
        self._events: list[tuple[Block, int]] = []
        """Every allocation and free in order: what, and by how many bytes memory changed."""
        self._purposes: list[tuple[int, str]] = [(0, "setup")]
        self._born_forward: list[Block] = []
        self._before: dict[tuple[str, str], Peak] = {}

    # -- what happens ------------------------------------------------------------------------------------------------

    def see(self, tensor: Any, *, kind: str | None = None) -> None:
        """An operation has returned this tensor; its storage may be new, known, or of another size than before."""
        device = tensor.fake_device.type if hasattr(tensor, "fake_device") else tensor.device.type
        if device == "meta":
            return
        try:
            storage = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError):
            self._see_parts(tensor, kind)
            return
        key, size = storage._cdata, storage.nbytes()
        if device != "cpu":
            size = -(-size // ACCELERATOR_BLOCK) * ACCELERATOR_BLOCK
        known = self._live.get(key)
        if known is None:
            self._add(key, storage, Block(device, size, self.stage, kind))
        elif known[0].size != size:
            self._note(known[0], size - known[0].size)
            known[0].size = size

    def mark(self, tensors: Iterable[Any], kind: str) -> None:
        """These tensors are parameters, gradients or optimizer state."""
        for tensor in tensors:
            self.see(tensor, kind=kind)
            block = self._block_of(tensor)
            if block is not None and block.kind != "parameters":
                block.kind = kind

    def forget(self, tensor: Any) -> None:
        """This tensor is about to be replaced by one that is counted in its place."""
        block = self._block_of(tensor)
        if block is not None:
            self._note(block, -block.size)
            block.size = 0

    def enter(self, stage: str, purpose: str | None = None) -> None:
        """Another stage of the training begins; what a forward pass made and still holds are its activations."""
        if self.stage == "forward":
            for block in self._born_forward:
                block.is_kept = block.is_kept or block.is_alive
            self._born_forward.clear()
        self.stage = stage
        if purpose is not None and purpose != self._purpose:
            self._purpose = purpose
            self._purposes.append((len(self._events), purpose))
        if len(self._events) > MOST_EVENTS:
            self._forget_events()

    def held(self, device: str) -> int:
        """Bytes that live on a device now."""
        return sum(block.size for block, _ in list(self._live.values()) if block.device == device)

    # -- what came of it ---------------------------------------------------------------------------------------------

    def peaks(self) -> dict[tuple[str, str], Peak]:
        """The peak of each ``(device type, purpose)``; the purpose ``whole`` is the whole run."""
        found = self._peaks_of_events()
        for key, earlier in self._before.items():
            if key not in found or found[key].total < earlier.total:
                found[key] = earlier
        return found

    # -- inside ------------------------------------------------------------------------------------------------------

    def _see_parts(self, tensor: Any, kind: str | None) -> None:
        """A sparse tensor has no storage of its own, but its indices and values have."""
        for name in ("_indices", "_values", "crow_indices", "col_indices", "values"):
            try:
                part = getattr(tensor, name)()
            except (AttributeError, NotImplementedError, RuntimeError):
                continue
            self.see(part, kind=kind)

    def _block_of(self, tensor: Any) -> Block | None:
        try:
            known = self._live.get(tensor.untyped_storage()._cdata)
        except (NotImplementedError, RuntimeError):
            return None
        return known[0] if known is not None else None

    def _add(self, key: int, storage: Any, block: Block) -> None:
        def died(_: Any) -> None:
            if self._live.get(key, (None,))[0] is block:
                del self._live[key]
            block.is_alive = False
            self._note(block, -block.size)

        self._live[key] = block, weakref.ref(storage, died)
        self._note(block, block.size)
        if block.born == "forward":
            self._born_forward.append(block)

    def _note(self, block: Block, change: int) -> None:
        self._events.append((block, change))

    def _forget_events(self) -> None:
        self._before = self.peaks()
        self._events = [(block, block.size) for block, _ in self._live.values()]
        self._purposes = [(0, self._purpose)]

    def _peaks_of_events(self) -> dict[tuple[str, str], Peak]:
        moments = self._moments()
        wanted: dict[int, list[tuple[str, str]]] = {}
        for key, (_, index) in moments.items():
            wanted.setdefault(index, []).append(key)
        found: dict[tuple[str, str], Peak] = {}
        parts: dict[str, dict[str, int]] = {}
        for index, (block, change) in enumerate(self._events):
            held = parts.setdefault(block.device, {})
            held[block.category] = held.get(block.category, 0) + change
            for key in wanted.get(index, ()):
                of_device = {name: size for name, size in parts.get(key[0], {}).items() if size}
                found[key] = Peak(sum(of_device.values()), of_device)
        return found

    def _moments(self) -> dict[tuple[str, str], tuple[int, int]]:
        """For each device and purpose, the largest total and the event that reached it."""
        totals: dict[str, int] = {}
        best: dict[tuple[str, str], tuple[int, int]] = {}
        starts = [*self._purposes[1:], (len(self._events), "")]
        purpose, coming = self._purposes[0][1], iter(starts)
        start, following = next(coming)
        for index, (block, change) in enumerate(self._events):
            while index >= start:
                purpose = following
                start, following = next(coming)
            total = totals[block.device] = totals.get(block.device, 0) + change
            for key in ((block.device, purpose), (block.device, "whole")):
                if total > best.get(key, (-1, 0))[0]:
                    best[key] = total, index
        return best
