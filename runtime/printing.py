"""Which metrics a script would print, read from its source before anything of it runs.

Invariant: the same reader that finds metrics in a run's output decides, so that what is named here is what a run of the
script is measured by.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .printed import parse_line
from .project import ScriptTarget, own_files

_ANY_NUMBER = "0.5"


def printed_names(target: ScriptTarget) -> tuple[str, ...]:
    """The names, in the order of the code; empty where nothing that is printed can be read."""
    found: dict[str, None] = {}
    for file in own_files(target):
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, RecursionError):
            continue
        for text in _lines(tree):
            found.update(dict.fromkeys(one.name for one in parse_line(text)))
    return tuple(found)


def _lines(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            yield " ".join(map(_text, node.args))


def _text(node: ast.expr) -> str:
    """An argument as it might be printed: what is computed becomes a number."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else _ANY_NUMBER
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) for value in node.values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _formatted(node.func.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _formatted(node.left)
    return _ANY_NUMBER


def _formatted(node: ast.expr) -> str:
    """The text of ``"…{}…".format(…)`` or ``"…%f…" % …``."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return _ANY_NUMBER
    return re.sub(r"\{[^{}]*\}|%[-+ #0-9.]*[diefgGs]", _ANY_NUMBER, node.value)
