"""The observers of an examination."""

from __future__ import annotations

from collections.abc import Callable

from .accumulation import Accumulation
from .alignment import Alignment
from .checkpoints import Checkpoints
from .classes import Classes
from .clipping import Clipping
from .columns import Columns
from .coverage import Coverage
from .dependence import Dependence
from .drawn_items import DrawnItems
from .evaluated_weights import EvaluatedWeights
from .examiner import Examiner
from .fits import Fits
from .graphs import Graphs
from .interference import Interference
from .keys import Keys
from .label_order import LabelOrder
from .ledger import Ledger
from .losses import Losses
from .metric_calls import MetricCalls
from .modes import Modes
from .nearness import Nearness
from .numeric import Numeric
from .observer import Observer
from .one_batch import OneBatch
from .order import Order
from .padding import Padding
from .pairing import Pairing
from .parameters import Parameters
from .printed import PrintedNumbers
from .schedules import Schedules
from .seeds import Seeds
from .selection import Selection
from .updates import Updates
from .windows import Windows

OBSERVERS: tuple[Callable[[Examiner], Observer], ...] = (
    Accumulation,
    Checkpoints,
    Clipping,
    Dependence,
    Graphs,
    Losses,
    Modes,
    Numeric,
    OneBatch,
    Order,
    Padding,
    Parameters,
    EvaluatedWeights,
    Schedules,
    Seeds,
    Updates,
    Ledger,
    Fits,
    MetricCalls,
    PrintedNumbers,
    Coverage,
    LabelOrder,
    Classes,
    Columns,
    Keys,
    Windows,
    Selection,
    DrawnItems,
    Nearness,
    Interference,
    Alignment,
    Pairing,
)
