"""Two looks at the same program made one: the counts and the shape of one tree, the steadier times of the other."""

from __future__ import annotations

from dataclasses import replace

from .looptree import Clock, LoopNode

UNLIKE = 4 / 3
"""From this ratio of their mean times on, two looks at a loop did not see the same kind of batches."""


def with_times_of(shape: LoopNode, timed: LoopNode) -> LoopNode:
    """``shape`` with the steady iterations of both looks, and the other clocks of the one that has seen more."""
    others = {_key(child): child for child in timed.children}
    children = tuple(
        with_times_of(child, others[_key(child)]) if _key(child) in others else child for child in shape.children
    )
    if shape.kind in ("root", "branch"):
        return replace(shape, children=children)
    if _saw_only_another_beginning(shape, timed):
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


def _saw_only_another_beginning(shape: LoopNode, timed: LoopNode) -> bool:
    """Whether ``timed`` saw part of one pass only, and that part is unlike the batches spread over the whole pass.

    So it is where a data set is sorted by length: the first batches say nothing about the others.
    """
    is_part = timed.entries == 1 and timed.planned_count == 1 and timed.iterations < timed.planned_sum
    spread, beginning = shape.warm.mean_cpu, timed.warm.mean_cpu
    return is_part and min(spread, beginning) > 0 and max(spread, beginning) > UNLIKE * min(spread, beginning)


def _together(one: Clock, other: Clock) -> Clock:
    return Clock(
        one.count + other.count,
        one.cpu + other.cpu,
        one.wall + other.wall,
        one.cpu_squares + other.cpu_squares,
    )


def _key(node: LoopNode) -> tuple[str, str | None, int | None, int]:
    return node.kind, node.file, node.line, node.variant
