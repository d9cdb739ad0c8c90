"""The observers of an examination."""

from __future__ import annotations

from collections.abc import Callable

from .coverage import Coverage
from .examiner import Examiner
from .fits import Fits
from .interference import Interference
from .ledger import Ledger
from .metric_calls import MetricCalls
from .observer import Observer
from .printed import PrintedNumbers

OBSERVERS: tuple[Callable[[Examiner], Observer], ...] = (
    Ledger,
    Fits,
    Interference,
    MetricCalls,
    PrintedNumbers,
    Coverage,
)
