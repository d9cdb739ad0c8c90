"""What operators give on values.

Invariant: a number is known only where both sides are.
"""

from __future__ import annotations

import ast
from typing import Any

from .values import UNSET, Value, gathered


def combined(left: Value, right: Value, operator: ast.operator) -> Value:
    """What arithmetic on two values gives."""
    whole = gathered((left, right))
    rows = frozenset(one for one in whole.rows if not one.is_noise) or whole.rows
    marks = whole.marks - {"prediction", "hard", "score"}
    if whole.marks & {"prediction", "score", "output"}:
        marks |= {"of prediction"}
    if isinstance(operator, (ast.Div, ast.Mult)):
        marks |= {"scaled"} if not whole.rows or "loss" in marks else set()
    if left.counts and isinstance(operator, (ast.Div, ast.FloorDiv)):
        marks |= {"batches"}
    if isinstance(operator, (ast.BitAnd, ast.BitOr)):
        marks = whole.marks
    things = left.things + right.things if isinstance(operator, ast.Add) else ()
    const: Any = UNSET
    if isinstance(left.const, (int, float)) and isinstance(right.const, (int, float)):
        const = _arithmetic(left.const, right.const, operator)
    return Value(
        things=things, rows=rows, seen=whole.seen, fits=whole.fits, counts=left.counts | right.counts, marks=marks,
        const=const, origin=left.origin, source=left.source if const is not UNSET else None,
    )  # fmt: skip


def is_turned(node: ast.expr) -> bool:
    """Whether a matrix stands on its side, so that a product with it goes over its rows."""
    if isinstance(node, ast.BinOp):
        return is_turned(node.left) or is_turned(node.right)
    return isinstance(node, ast.Attribute) and node.attr in ("T", "mT")


def summed(left: Value, right: Value) -> Value:
    """A product that goes over the rows of both sides, as a gradient does."""
    whole = gathered((left, right))
    return Value(seen=whole.touched, fits=whole.fits)


def _arithmetic(left: Any, right: Any, operator: ast.operator) -> Any:
    try:
        if isinstance(operator, ast.Add):
            return left + right
        if isinstance(operator, ast.Sub):
            return left - right
        if isinstance(operator, ast.Mult):
            return left * right
        if isinstance(operator, ast.Div):
            return left / right
        return left**right if isinstance(operator, ast.Pow) and abs(right) < 64 else UNSET
    except (ArithmeticError, ValueError):
        return UNSET
