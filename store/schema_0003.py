"""Migration 3: what a person allows the runs of an experiment to use, besides time.

Invariant: released, so never edited again. No value is no limit.
"""

from __future__ import annotations

from sqlite_utils import Database


def create_limits(database: Database) -> None:
    """Add the limits on memory and disk."""
    for column in ("host_limit_bytes", "disk_limit_bytes", "device_limit_bytes"):
        database.table("experiments").add_column(column, int)
