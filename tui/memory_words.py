"""What the guard said of a run's memory, as lines: pure, from the run's events.

Invariant: what was said to be over does not stand any more.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..store.records import Event
from .text import clean

SIGN = "memory: "


def line(event: Event) -> str:
    """One event in words."""
    return clean(f"{SIGN}{event.data.get('words', event.data.get('level', ''))}")


def standing(events: Iterable[Event]) -> tuple[str, ...]:
    """What still stands: the last warning of every resource that has not come to rest, and what was done about it."""
    lines: dict[str, list[str]] = {}
    for event in events:
        resource, level = str(event.data.get("resource")), event.data.get("level")
        if level == "eased":
            lines.pop(resource, None)
        elif level == "warning":
            lines[resource] = [line(event)]
        else:
            lines.setdefault(resource, []).append(line(event))
    return tuple(one for of_resource in lines.values() for one in of_resource)
