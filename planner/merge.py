"""Two looks at the same program made one: the counts and the shape of one tree, the steadier times of the other."""

from __future__ import annotations

from dataclasses import replace

from .looptree import Clock, LoopNode


def with_times_of(shape: LoopNode, timed: LoopNode) -> LoopNode:
    """``shape`` with the steady iterations of both looks, and the other clocks of the one that has seen more."""
    others = {_key(child): child for child in timed.children}
    children = tuple(
        with_times_of(child, others[_key(child)]) if _key(child) in others else child for child in shape.children
    )
    if shape.kind in ("root", "branch"):
        return replace(shape, children=children)
    warm = _together(shape.warm, timed.warm)
    if timed.warm.count <= shape.warm.count:
        return replace(shape, children=children, warm=warm)
    return replace(
        shape,
        children=children,
        head=timed.head,
        start=timed.start if timed.start.count else shape.start,
        warm=warm,
        last=timed.last,
        workers=timed.workers or shape.workers,
    )


def _together(one: Clock, other: Clock) -> Clock:
    return Clock(
        one.count + other.count,
        one.cpu + other.cpu,
        one.wall + other.wall,
        one.cpu_squares + other.cpu_squares,
    )


def _key(node: LoopNode) -> tuple[str, str | None, int | None, int]:
    return node.kind, node.file, node.line, node.variant
