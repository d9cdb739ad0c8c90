"""Looking at the store without bothering it: often while something is live, seldom while nothing is.

Invariant: one cheap number is read per look; more is read only after it changed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..store import Store
from ..store.records import Run
from .desk import Desk

LIVE_SECONDS = 0.33
IDLE_SECONDS = 2.0
MOST_SHARE = 0.1
"""Looking takes at most this share of the reader's time, however slow the disk is."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What one look found."""

    changed: bool
    live: tuple[Run, ...]
    ended: tuple[Run, ...]
    """Runs that were live at the look before and are not any more."""


class Watch:
    """Remembers what the last look saw."""

    def __init__(self, reader: Desk[Store]) -> None:
        self._reader = reader
        self._version: int | None = None
        self._live: tuple[Run, ...] = ()
        self._took = 0.0

    def pause(self, is_live: bool) -> float:
        """How long to wait until the next look."""
        return max(LIVE_SECONDS if is_live else IDLE_SECONDS, self._took / MOST_SHARE)

    def wake(self) -> None:
        """Take the next look for a changed one."""
        self._version = None

    async def look(self) -> Pulse:
        """See what is new."""
        began = time.perf_counter()
        version = await self._reader.ask(lambda store: store.data_version())
        if version == self._version:
            pulse = Pulse(False, self._live, ())
        else:
            before = [run.id for run in self._live]
            live, ended = await self._reader.ask(lambda store: _runs(store, before))
            self._version, self._live = version, live
            pulse = Pulse(True, live, ended)
        self._took = time.perf_counter() - began
        return pulse


def _runs(store: Store, before: list[int]) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    live = store.runs.unfinished()
    still = {run.id for run in live}
    return live, tuple(store.runs.get(run_id) for run_id in before if run_id not in still)
