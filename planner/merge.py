"""Two looks at the same program made one: the counts and the shape of one tree, the steadier times of the other."""

from __future__ import annotations

from dataclasses import replace

from .looptree import LoopNode


def with_times_of(shape: LoopNode, timed: LoopNode) -> LoopNode:
    """``shape`` with the clocks of ``timed`` wherever that one has seen more steady iterations of the same place."""
    others = {_key(child): child for child in timed.children}
    children = tuple(
        with_times_of(child, others[_key(child)]) if _key(child) in others else child for child in shape.children
    )
    if shape.kind in ("root", "branch") or timed.warm.count <= shape.warm.count:
        return replace(shape, children=children)
    return replace(
        shape,
        children=children,
        head=timed.head,
        start=timed.start if timed.start.count else shape.start,
        warm=timed.warm,
        last=timed.last,
        workers=timed.workers or shape.workers,
    )


def _key(node: LoopNode) -> tuple[str, str | None, int | None, int]:
    return node.kind, node.file, node.line, node.variant
