"""Errors of forecasts measured on the corpus in ``tests/scripts``, for machines that have no history yet.

Invariant: measured, never chosen. Written by ``python -m mlintern.benchmarks.corpus --write-prior`` from its raw data.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..store.records import RungName

PRIOR_SCRIPTS = 7

UNMEASURED_ERROR = 0.35
"""For what the corpus does not cover, such as a GPU: log(1.42)."""

PRIOR_ERRORS: Mapping[tuple[str, RungName], tuple[float, ...]] = {
    ("cpu_seconds", RungName.REHEARSAL): (0.003, 0.014, 0.025, 0.025, 0.054, 0.092, 0.103),
    ("seconds", RungName.REHEARSAL): (0.008, 0.015, 0.020, 0.038, 0.045, 0.059, 0.114),
}
"""``|log(actual / forecast)|`` of each quantity and rung that the forecast was made from, in ascending order."""
