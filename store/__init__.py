"""The only memory: one SQLite file. Imports nothing else of ours, and everyone else says things in its records.

Invariant: what was stored stays readable, whatever happens to the process, the disk or the version that wrote it.
"""

from __future__ import annotations

from .database import DATABASE_NAME, Store
from .errors import (
    BadFilter,
    NotApproved,
    NotFound,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreMissing,
    StoreNewer,
    StoreReadOnly,
    StoreRefused,
)

__all__ = [
    "DATABASE_NAME",
    "BadFilter",
    "NotApproved",
    "NotFound",
    "Store",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreMissing",
    "StoreNewer",
    "StoreReadOnly",
    "StoreRefused",
]
