"""Which part of the machinery a cause lies in: what decides who has to look at it.

One class for each finding code; a hypothesis may name another where its evidence is better.
"""

from __future__ import annotations

from enum import StrEnum


class FaultClass(StrEnum):
    """Where the cause lies."""

    CODE = "code"
    LOADER = "data loader"
    NETWORK = "NCCL or network"
    STORAGE = "storage"
    SCHEDULER = "scheduler"
    """The scheduler, the kernel or a person ended it."""
    HARDWARE = "hardware"


_BY_CODE = (
    ("loader", FaultClass.LOADER),
    ("run.crash.disk_full", FaultClass.STORAGE),
    ("run.crash.file", FaultClass.STORAGE),
    ("checkpoint", FaultClass.STORAGE),
    ("run.crash.time_limit", FaultClass.SCHEDULER),
    ("run.crash.preempted", FaultClass.SCHEDULER),
    ("run.crash.interrupted", FaultClass.SCHEDULER),
    ("run.crash.killed", FaultClass.SCHEDULER),
    ("run.crash.node", FaultClass.HARDWARE),
    ("run.crash.device", FaultClass.HARDWARE),
)


def class_of(code: str) -> FaultClass:
    """The class of a finding code; what nothing else is said of lies in the code."""
    return next((one for start, one in _BY_CODE if code == start or code.startswith(f"{start}.")), FaultClass.CODE)
