"""What the checks of several ranks read: the report ``ranks`` of a rehearsal that ran as several processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .check import Evidence

RANKS = "ranks"
"""The kind of the report. Where there was one process there is none, and nobody asks."""


def members(evidence: Evidence) -> Sequence[Mapping[str, Any]]:
    """What each rank told, in order."""
    told: Sequence[Mapping[str, Any]] = evidence.reports[RANKS]["ranks"]
    return told


def all_told(ranks: Sequence[Mapping[str, Any]], field: str) -> bool:
    """Whether every rank came to tell of it: one that was killed did not."""
    return all(field in rank for rank in ranks)


def training_loaders(rank: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The loaders that steps followed upon."""
    return [loader for loader in rank["loaders"] if loader["steps"]]


def evaluation_loaders(rank: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The others."""
    return [loader for loader in rank["loaders"] if not loader["steps"]]
