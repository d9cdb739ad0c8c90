"""Migration 4: what else a run may cost, where an interval comes from, and a ceiling raised while a run goes on.

Invariant: released, so never edited again. No value is no limit, or not known.
"""

from __future__ import annotations

from sqlite_utils import Database

_COLUMNS = (
    ("experiments", "budget_gpu_seconds", float),
    ("experiments", "budget_joules", float),
    ("experiments", "budget_usd", float),
    ("runs", "gpu_seconds", float),
    ("runs", "usd_per_hour", float),
    ("runs", "usd_per_kwh", float),
    ("forecasts", "gpu_seconds", str),
    ("forecasts", "basis", str),
    ("approvals", "extends_run_id", int),
)


def create_costs(database: Database) -> None:
    """Add the columns, and keep an extension as unchangeable as every other decision."""
    for table, column, kind in _COLUMNS:
        database.table(table).add_column(column, kind)
    database.execute(
        "CREATE TRIGGER approvals_keep_extension BEFORE UPDATE OF extends_run_id ON approvals BEGIN"
        "\n    SELECT RAISE(ABORT, 'a decision is never changed');\nEND"
    )
