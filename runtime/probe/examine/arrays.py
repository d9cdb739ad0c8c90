"""The arrays in the user's variables that batches were sliced from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from .rows import hashes, is_frame, is_tensor, matrix

MOST_NAMES = 400
MOST_NUMBERS = 30_000_000


@dataclass(frozen=True)
class Held:
    """An array of the user's, by name."""

    name: str
    value: Any
    frame: FrameType | None = None


def held_in(frames: Sequence[FrameType]) -> Iterator[Held]:
    """All arrays in the frames' variables, and in the attributes of the objects whose methods run."""
    seen: set[int] = set()
    for frame in frames:
        scopes = [frame.f_locals, frame.f_globals]
        own = frame.f_locals.get("self")
        if own is not None and hasattr(own, "__dict__"):
            scopes.append(vars(own))
        for scope in scopes:
            for name, value in list(scope.items())[:MOST_NAMES]:
                if id(value) not in seen and is_table(value):
                    seen.add(id(value))
                    yield Held(name, value, frame)


def is_table(value: Any) -> bool:
    """Whether it is an array, a tensor or a table with rows."""
    if not (is_tensor(value) or is_frame(value) or type(value).__name__ == "ndarray"):
        return False
    try:
        return bool(value.ndim >= 1 and value.shape[0] > 1 and not getattr(value, "requires_grad", False))
    except Exception:  # noqa: BLE001  boundary: a foreign container
        return False


class Finder:
    """Finds the array that holds given rows; what was hashed once is remembered."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, frozenset[int]]] = {}

    def holding(self, frames: Sequence[FrameType], rows: Any, wanted: set[int]) -> Held | None:
        """The smallest array with more rows than these that holds them all."""
        fits = [one for one in held_in(frames) if self._fits(one.value, rows)]
        fits.sort(key=lambda one: int(one.value.shape[0]))
        return next((one for one in fits if wanted <= self._hashes(one.value)), None)

    def _fits(self, value: Any, rows: Any) -> bool:
        count, numbers = int(value.shape[0]), 1
        for size in value.shape[1:]:
            numbers *= int(size)
        return count > len(rows) and numbers == rows.shape[1] and count * numbers <= MOST_NUMBERS

    def _hashes(self, value: Any) -> frozenset[int]:
        known = self._known.get(id(value))
        if known is None or known[0] is not value:
            rows = matrix(value)
            known = self._known[id(value)] = value, frozenset(() if rows is None else hashes(rows).tolist())
            while len(self._known) > 16:
                self._known.pop(next(iter(self._known)))
        return known[1]
