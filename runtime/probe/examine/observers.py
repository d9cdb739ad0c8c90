"""The observers of an examination."""

from __future__ import annotations

from collections.abc import Callable

from .accumulation import Accumulation
from .alignment import Alignment
from .by_hand import ByHand
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
from .float_warnings import FloatWarnings
from .graphs import Graphs
from .interference import Interference
from .keys import Keys
from .label_order import LabelOrder
from .ledger import Ledger
from .losses import Losses
from .metric_calls import MetricCalls
from .mode_effect import ModeEffect
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
from .recounted import Recounted
from .schedules import Schedules
from .seeds import Seeds
from .selection import Selection
from .texts import Texts
from .updates import Updates
from .windows import Windows

OBSERVERS: tuple[Callable[[Examiner], Observer], ...] = (
    Accumulation,
    Checkpoints,
    Clipping,
    Dependence,
    FloatWarnings,
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
    ByHand,
    Ledger,
    ModeEffect,
    Fits,
    MetricCalls,
    PrintedNumbers,
    Recounted,
    Coverage,
    LabelOrder,
    Classes,
    Columns,
    Keys,
    Windows,
    Selection,
    DrawnItems,
    Nearness,
    Texts,
    Interference,
    Alignment,
    Pairing,
)
