"""How often to look, and how to find the tensors in what a script passes around. Nothing here keeps a tensor alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

FIRST_LOOKS = 12
EVERY = 10
MOST_TENSORS = 64
MOST_DEPTH = 4


def is_due(count: int) -> bool:
    """Whether something that happened ``count`` times before is looked at: the first times all, then every tenth."""
    return count < FIRST_LOOKS or count % EVERY == 0


def tensors_in(value: Any, depth: int = 0) -> Iterator[Any]:
    """The tensors in nested tuples, lists, mappings and objects such as a model's output, in order."""
    if hasattr(value, "grad_fn") and hasattr(value, "dim"):
        yield value
        return
    if depth > MOST_DEPTH or isinstance(value, (str, bytes, int, float)) or value is None:
        return
    if isinstance(value, (list, tuple)):
        parts: Any = value[:MOST_TENSORS]
    elif hasattr(value, "values") and hasattr(value, "keys"):
        parts = list(value.values())[:MOST_TENSORS]
    elif hasattr(value, "__dataclass_fields__"):
        parts = [getattr(value, name, None) for name in value.__dataclass_fields__]
    else:
        return
    for part in parts:
        yield from tensors_in(part, depth + 1)


def place_of(place: Any) -> dict[str, Any] | None:
    """A place as JSON, or ``None``."""
    return None if place is None else dict(place.as_json())
