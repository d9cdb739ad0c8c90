"""The observers of an examination."""

from __future__ import annotations

from collections.abc import Callable

from .examiner import Examiner
from .fits import Fits
from .interference import Interference
from .ledger import Ledger
from .observer import Observer

OBSERVERS: tuple[Callable[[Examiner], Observer], ...] = (
    Ledger,
    Fits,
    Interference,
)
