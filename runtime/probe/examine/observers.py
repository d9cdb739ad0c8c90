"""The observers of an examination."""

from __future__ import annotations

from collections.abc import Callable

from .accumulation import Accumulation
from .checkpoints import Checkpoints
from .clipping import Clipping
from .dependence import Dependence
from .examiner import Examiner
from .graphs import Graphs
from .losses import Losses
from .modes import Modes
from .numeric import Numeric
from .observer import Observer
from .one_batch import OneBatch
from .order import Order
from .parameters import Parameters
from .schedules import Schedules
from .seeds import Seeds
from .updates import Updates

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
    Parameters,
    Schedules,
    Seeds,
    Updates,
)
