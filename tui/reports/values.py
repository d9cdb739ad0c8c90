"""What a reference refers to, in words: each value in its unit, unknown where it is not known.

Invariant: foreign text is cleaned here, before any markup is made of it.
"""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ...planner.report.blocks import Line, Words
from ...planner.report.blocks import Reference as Ref
from ...planner.report.resolve import Resolver
from ...runtime.printed import PREFIX
from ...store.records import Interval
from .. import units
from ..text import clean

_NOTHING = "—"


class Shown:
    """Looks references up and words them."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver

    def text(self, parts: Line) -> str:
        """A line, without any markup."""
        return "".join(self.part(part) for part in parts)

    def part(self, part: Words | Ref) -> str:
        """A piece of it."""
        return part.text if isinstance(part, Words) else shown(part.shown, self.resolver.value(part))


def shown(unit: str, value: Any) -> str:
    """A value in its unit."""
    if value is None:
        return _NOTHING
    if unit in _INTERVALS:
        return _quantity(unit, value)
    return clean(_UNITS.get(unit, _text)(value))


def _quantity(unit: str, value: Any) -> str:
    one, several = _INTERVALS[unit]
    if isinstance(value, Mapping):
        return several(Interval(value["low"], value["mid"], value["high"]))
    return one(float(value))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return units.number(value)
    return value if isinstance(value, str) else str(value)


def _moment(value: Any) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(float(value)))


def _number(value: Any) -> str:
    if isinstance(value, bool | str):
        return str(value)
    return str(value) if not math.isfinite(value) else f"{value:.6g}"


_UNITS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "text": _text,
        "number": _number,
        "count": lambda value: units.count(round(value)),
        "time": _moment,
        "metric": lambda value: str(value).removeprefix(PREFIX),
        "argument": lambda value: shlex.quote(str(value)),
        "arguments": lambda value: shlex.join(map(str, value)),
    }
)
_INTERVALS: Mapping[str, tuple[Callable[[float], str], Callable[[Interval], str]]] = MappingProxyType(
    {
        "seconds": (units.duration, units.duration_interval),
        "bytes": (units.size, units.size_interval),
        "usd": (units.money, units.money_interval),
        "joules": (units.energy, units.energy_interval),
        "gpu_seconds": (units.gpu_hours, units.gpu_hours_interval),
    }
)
