"""Errors of forecasts measured on the corpus in ``tests/scripts``, for machines that have no history yet.

Invariant: measured, never chosen. Written by ``python -m mlintern.benchmarks.corpus --write-prior`` from its raw data.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..store.records import RungName

PRIOR_SCRIPTS = 23

UNMEASURED_ERROR = 0.35
"""For what the corpus does not cover, such as a GPU: log(1.42)."""

PRIOR_ERRORS: Mapping[tuple[str, RungName, RungName], tuple[float, ...]] = {
    ("cpu_seconds", RungName.PILOT, RungName.FULL): (
        0.001, 0.005, 0.009, 0.010, 0.012, 0.017, 0.018, 0.021, 0.026, 0.032, 0.042, 0.045, 0.054, 0.058,
        0.062, 0.076, 0.080, 0.104, 0.115, 0.133, 0.163, 0.168, 0.366,
    ),
    ("cpu_seconds", RungName.REHEARSAL, RungName.FULL): (
        0.002, 0.014, 0.019, 0.021, 0.022, 0.022, 0.023, 0.034, 0.039, 0.041, 0.043, 0.043, 0.044, 0.047,
        0.054, 0.066, 0.077, 0.102, 0.108, 0.115, 0.118, 0.160, 0.208,
    ),
    ("cpu_seconds", RungName.REHEARSAL, RungName.PILOT): (
        0.002, 0.008, 0.014, 0.014, 0.019, 0.023, 0.023, 0.030, 0.030, 0.031, 0.033, 0.034, 0.039, 0.041,
        0.044, 0.052, 0.076, 0.081, 0.091, 0.102, 0.131, 0.303, 0.345,
    ),
    ("peak_host_bytes", RungName.PILOT, RungName.FULL): (
        0.000, 0.000, 0.000, 0.000, 0.000, 0.001, 0.002, 0.002, 0.003, 0.003, 0.003, 0.004, 0.004, 0.006,
        0.008, 0.008, 0.008, 0.009, 0.011, 0.020, 0.020, 0.031, 0.279,
    ),
    ("peak_host_bytes", RungName.REHEARSAL, RungName.FULL): (
        0.000, 0.001, 0.001, 0.001, 0.001, 0.002, 0.002, 0.002, 0.003, 0.003, 0.003, 0.003, 0.003, 0.005,
        0.005, 0.005, 0.007, 0.009, 0.010, 0.018, 0.019, 0.040, 0.074,
    ),
    ("peak_host_bytes", RungName.REHEARSAL, RungName.PILOT): (
        0.000, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.002, 0.002, 0.002, 0.003, 0.003, 0.003,
        0.003, 0.003, 0.006, 0.006, 0.007, 0.009, 0.011, 0.020, 0.205,
    ),
    ("seconds", RungName.PILOT, RungName.FULL): (
        0.001, 0.009, 0.010, 0.012, 0.012, 0.017, 0.018, 0.021, 0.025, 0.027, 0.030, 0.048, 0.059, 0.061,
        0.061, 0.115, 0.117, 0.148, 0.155, 0.167, 0.168, 0.298, 0.366,
    ),
    ("seconds", RungName.REHEARSAL, RungName.FULL): (
        0.010, 0.014, 0.015, 0.019, 0.021, 0.022, 0.022, 0.023, 0.024, 0.036, 0.037, 0.043, 0.045, 0.054,
        0.077, 0.108, 0.116, 0.131, 0.132, 0.135, 0.169, 0.207, 0.286,
    ),
    ("seconds", RungName.REHEARSAL, RungName.PILOT): (
        0.000, 0.017, 0.018, 0.019, 0.019, 0.020, 0.022, 0.029, 0.030, 0.031, 0.033, 0.038, 0.040, 0.044,
        0.049, 0.071, 0.095, 0.101, 0.110, 0.141, 0.214, 0.307, 0.347,
    ),
}
"""``|log(actual / forecast)|`` in ascending order, by quantity, rung that the forecast was made from, and rung that it
was about."""
