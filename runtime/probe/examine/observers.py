"""The observers of an examination."""

from __future__ import annotations

from collections.abc import Callable

from .examiner import Examiner
from .ledger import Ledger
from .observer import Observer

OBSERVERS: tuple[Callable[[Examiner], Observer], ...] = (
    Ledger,
)
