"""Differences between a model's output and a target in which shapes were spread: (N, 1) minus (N,) is (N, N).

Invariant: read from the autograd graph just behind a loss, without a value of it.
"""

from __future__ import annotations

from typing import Any

MOST_NODES = 24
REDUCING = ("Mean", "Sum", "Pow", "Mul", "Abs", "Div", "Sqrt", "Neg", "Add", "Clamp", "Log", "Square")


def spread_difference(loss: Any) -> dict[str, Any] | None:
    """The shapes of a difference whose one side is a constant, where every row was compared with every other."""
    waiting, looked_at = [getattr(loss, "grad_fn", None)], 0
    while waiting and looked_at < MOST_NODES:
        node = waiting.pop(0)
        looked_at += 1
        if node is None:
            continue
        name = str(node.name()).partition("Backward")[0]
        if name in ("Sub", "Rsub"):
            found = _shapes(node)
            if found is not None:
                return found
        elif name in REDUCING:
            waiting.extend(following for following, _ in node.next_functions)
    return None


def _shapes(node: Any) -> dict[str, Any] | None:
    sides = [(following, number) for following, number in node.next_functions if following is not None]
    made = _shape(node, 0)
    if len(sides) != 1 or made is None or len(made) != 2 or made[0] != made[1] or made[0] < 2:
        return None
    side = _shape(*sides[0])
    if side in ((made[0], 1), (made[0],), (1, made[0])):
        return {"side": list(side or ()), "spread": list(made)}
    return None


def _shape(node: Any, number: int) -> tuple[int, ...] | None:
    metadata = getattr(node, "_input_metadata", None)
    return tuple(metadata[number].shape) if metadata and number < len(metadata) else None
