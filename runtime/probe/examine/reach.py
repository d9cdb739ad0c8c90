"""Which outputs of a model a loss was computed from, read from the autograd graph."""

from __future__ import annotations

from typing import Any

from .looks import tensors_in

MOST_NODES = 50_000


def used_outputs(loss: Any, output: Any) -> list[int]:
    """The numbers, in order, of the output's tensors that the loss depends on."""
    root = getattr(loss, "grad_fn", None)
    nodes = [tensor.grad_fn for tensor in tensors_in(output)]
    wanted = {node for node in nodes if node is not None}
    if root is None or not wanted:
        return []
    met, seen, waiting = set(), {root}, [root]
    while waiting and len(seen) < MOST_NODES:
        node = waiting.pop()
        if node in wanted:
            met.add(node)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
    return [number for number, node in enumerate(nodes) if node in met]
