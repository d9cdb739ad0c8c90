"""How far each rank of a run is, as lines. Pure, from the run's report of its ranks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..store.records import Json
from .units import count, duration

MOST_RANKS = 16


def lines(report: Json | None) -> Iterator[str]:
    """One line a rank; nothing for a run of one process."""
    told: Any = (report or {}).get("ranks")
    if not isinstance(told, list):
        return
    for one in told[:MOST_RANKS]:
        if isinstance(one, dict) and isinstance(one.get("rank"), int) and isinstance(one.get("steps"), int):
            yield f"rank {one['rank']}: {count(one['steps'])} steps{_state(one)}"
    if len(told) > MOST_RANKS:
        yield f"and {len(told) - MOST_RANKS} more ranks"


def _state(one: Json) -> str:
    code, silent = one.get("exit_code"), one.get("silent_seconds")
    if isinstance(code, int):
        return "" if code == 0 else f", ended by signal {-code}" if code < 0 else f", ended with exit code {code}"
    return f", last heard of {duration(float(silent))} before" if isinstance(silent, int | float) else ""
