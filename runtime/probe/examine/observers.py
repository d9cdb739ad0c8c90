"""The observers of an examination."""

from __future__ import annotations

from collections.abc import Callable

from .alignment import Alignment
from .columns import Columns
from .coverage import Coverage
from .examiner import Examiner
from .fits import Fits
from .interference import Interference
from .keys import Keys
from .label_order import LabelOrder
from .ledger import Ledger
from .metric_calls import MetricCalls
from .nearness import Nearness
from .observer import Observer
from .printed import PrintedNumbers
from .selection import Selection
from .windows import Windows

OBSERVERS: tuple[Callable[[Examiner], Observer], ...] = (
    Ledger,
    Fits,
    MetricCalls,
    PrintedNumbers,
    Coverage,
    LabelOrder,
    Columns,
    Keys,
    Windows,
    Selection,
    Nearness,
    Interference,
    Alignment,
)
