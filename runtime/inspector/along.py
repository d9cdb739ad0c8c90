"""Which way an operation on an array goes, as far as its text says.

Invariant: an axis that is not written as a number is not known.
"""

from __future__ import annotations

import ast

_MODULES = ("np", "numpy", "torch")


def is_along_rows(call: ast.Call) -> bool:
    """Whether it is an ``argmax`` or ``argmin`` along the first axis."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in ("argmax", "argmin"):
        return False
    of_module = not isinstance(call.func, ast.Attribute) or getattr(call.func.value, "id", "") in _MODULES
    given = [one.value for one in call.keywords if one.arg in ("axis", "dim")] or call.args[1 if of_module else 0 :][:1]
    return any(isinstance(one, ast.Constant) and one.value == 0 and one.value is not False for one in given)


def is_constant_stretch(node: ast.expr) -> bool:
    """Whether it is ``something[:10]``: the first so many rows, whatever there are."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)):
        return False
    return isinstance(node.slice.upper, ast.Constant) and isinstance(node.slice.upper.value, int)
