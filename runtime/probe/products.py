"""Lets an examination hear the matrix products of the user's code: ``a @ b``, ``a.dot(b)``, ``np.dot(a, b)``.

A model that is written by hand in numpy calls no module and no estimator; what goes into it are the rows of its
products. Invariant: every product is computed as it was written, and its result is what comes back. Code that torch or
a compiler runs is left alone.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

HOOK = "__mlintern_product__"
METHODS = ("dot", "matmul")
PLAIN = {"staticmethod", "classmethod", "property"}


def is_by_hand(text: str) -> bool:
    """Whether a module's code may hold a model of numpy alone."""
    return not any(name in text for name in ("torch", "jax", "tensorflow", "numba"))


def watched(tree: ast.AST) -> Any:
    """The tree with every product going through the hook."""
    return _Products().visit(tree)


def listen(heard: Callable[[Any, Any, Any], None]) -> None:
    """Tell every product from now on: its left side, its right side, and its result."""

    def product(kind: str, first: Any, *rest: Any, **options: Any) -> Any:
        result = first @ rest[0] if kind == "@" else getattr(first, kind)(*rest, **options)
        if len(rest) == 1 and kind != "matmul":
            heard(first, rest[0], result)
        elif len(rest) == 2 and type(first).__name__ == "module":
            heard(rest[0], rest[1], result)
        return result

    setattr(builtins, HOOK, product)


class _Products(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        names = {ast.unparse(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list}
        return node if names - PLAIN else self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        return _call(node, ast.Constant("@"), node.left, node.right)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        starred = any(isinstance(one, ast.Starred) for one in node.args)
        if not isinstance(function, ast.Attribute) or function.attr not in METHODS or starred:
            return node
        call = _call(node, ast.Constant(function.attr), function.value, *node.args)
        call.keywords = node.keywords
        return call


def _call(node: ast.expr, *arguments: ast.expr) -> ast.Call:
    call = ast.Call(ast.Name(HOOK, ast.Load()), list(arguments), [])
    return ast.fix_missing_locations(ast.copy_location(call, node))
