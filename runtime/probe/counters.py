"""Which comparison ends a loop, and on which counter: read from the text of the loop, before anything runs.

A counter must only ever be counted up in the loop. ``patience``-like counters, which are reset or counted up under a
condition, are not counters in this sense: where they end a loop depends on the data.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeAlias

Loop: TypeAlias = "ast.For | ast.While"

OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_COUNTER_WORDS = re.compile(r"step|iter|epoch|batch|sample|token|update", re.IGNORECASE)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def dotted(node: ast.AST) -> str | None:
    """``a.b.c`` as text, or ``None`` for anything but names and attributes."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else None
    return None


def counters_of(loop: Loop) -> set[str]:
    """Names that the loop counts up, once an iteration or once a step, and never sets back."""
    ups: set[str] = set()
    spoiled: set[str] = set()
    if isinstance(loop, ast.For):
        ups.update(target_counters(loop))
    for statement, guarded in _statements(loop.body, guarded=False):
        if isinstance(statement, ast.AugAssign):
            name = dotted(statement.target)
            if name:
                (ups if isinstance(statement.op, ast.Add) and not guarded else spoiled).add(name)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                name = dotted(target)
                if name:
                    (ups if _adds_to_itself(statement.value, name) and not guarded else spoiled).add(name)
        elif isinstance(statement, ast.For):
            ups.update(target_counters(statement) & ups)
    return ups - spoiled


def comparison(test: ast.Compare, counters: set[str]) -> tuple[str, ast.expr, ast.expr] | None:
    """``(operator, counter, limit)`` with the counter on the left, or ``None`` when no counter is compared."""
    if len(test.ops) != 1 or type(test.ops[0]) not in OPERATORS:
        return None
    operator, left, right = OPERATORS[type(test.ops[0])], test.left, test.comparators[0]
    if _is_counter(left, counters):
        return operator, left, right
    if _is_counter(right, counters):
        return _MIRRORED[operator], right, left
    return None


def ending_branches(loop: Loop) -> Iterator[ast.If]:
    """The ``if`` statements of a loop's body that can end it by ``break`` or ``return``."""
    yield from _ending(loop.body)


def _ending(body: list[ast.stmt]) -> Iterator[ast.If]:
    for statement in body:
        if isinstance(statement, ast.If):
            if any(isinstance(inner, (ast.Break, ast.Return)) for inner in statement.body):
                yield statement
            yield from _ending(statement.body)
            yield from _ending(statement.orelse)
        elif isinstance(statement, (ast.With, ast.Try)):
            yield from _ending(statement.body)


def _is_counter(node: ast.expr, counters: set[str]) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return _is_counter(node.left, counters) and isinstance(node.right, ast.Constant)
    name = dotted(node)
    if name is None:
        return False
    return name in counters or (isinstance(node, ast.Attribute) and bool(_COUNTER_WORDS.search(node.attr)))


def target_counters(loop: ast.For) -> set[str]:
    """The index of ``for i in range(…)``, ``count()`` or ``enumerate(…)``."""
    function = dotted(loop.iter.func) if isinstance(loop.iter, ast.Call) else None
    if function is None:
        return set()
    last = function.rpartition(".")[2]
    if last in ("range", "trange", "count") and isinstance(loop.target, ast.Name):
        return {loop.target.id}
    if isinstance(loop.target, ast.Tuple) and loop.target.elts and isinstance(loop.target.elts[0], ast.Name):
        arguments = loop.iter.args if isinstance(loop.iter, ast.Call) else []
        enumerates = last == "enumerate" or any(_calls(argument, "enumerate") for argument in arguments)
        return {loop.target.elts[0].id} if enumerates else set()
    return set()


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) == name


def _adds_to_itself(value: ast.expr, name: str) -> bool:
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and dotted(value.left) == name


def _statements(body: list[ast.stmt], *, guarded: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """Every statement below, with whether a condition stands before it that is not the one of the optimizer's step."""
    for statement in body:
        yield statement, guarded
        if isinstance(statement, _FUNCTIONS):
            continue
        if isinstance(statement, ast.If):
            inner = guarded or not _steps(statement.body)
            yield from _statements(statement.body, guarded=inner)
            yield from _statements(statement.orelse, guarded=True)
        elif isinstance(statement, (ast.For, ast.While, ast.With)):
            yield from _statements(statement.body, guarded=guarded)
        elif isinstance(statement, ast.Try):
            yield from _statements(statement.body, guarded=guarded)
            for handler in statement.handlers:
                yield from _statements(handler.body, guarded=True)


def _steps(body: list[ast.stmt]) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "step"
        for statement in body
        for node in ast.walk(statement)
    )
