"""The number that a paper or a task asks for, as the experiment's own settings have it.

Invariant: a number for another measure or another split is never taken.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..verification import metric_names

_NAMES = {"top1 accuracy": "accuracy", "classification accuracy": "accuracy"}


@dataclass(frozen=True, slots=True)
class Stated:
    """A target with the words that state it."""

    value: float
    says: str


def stated_target(settings: Path, metric: str) -> Stated | None:
    """The first target of ``experiment.toml`` that is of this metric; ``None`` where there is none."""
    try:
        table = tomllib.loads(settings.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    targets = table.get("targets", [])
    found = (_target(one, metric) for one in targets if isinstance(one, dict))
    return next((one for one in found if one is not None), None) if isinstance(targets, list) else None


def _target(one: dict[str, Any], metric: str) -> Stated | None:
    value, name, split = one.get("value"), str(one.get("metric", "")).lower(), one.get("split")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    wanted, own = metric_names.measure(_NAMES.get(name, name)), metric_names.measure(metric)
    if wanted is None or wanted != own or _split(split) != metric_names.split(metric):
        return None
    return Stated(float(value), str(one.get("says") or "experiment.toml"))


def _split(name: object) -> str | None:
    """A target that names no split is one of the test."""
    return metric_names.split(str(name)) if isinstance(name, str) and name else "test"
