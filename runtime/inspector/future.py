"""Features of a forecast that are made from rows after their own.

Invariant: smoothing is no fault; only a centred window that becomes a column of a program which forecasts is told.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .facts import Fact, fact, row
from .project import Project, SourceFile
from .values import Spot

_FORECASTS = re.compile(r"(^|_)(forecast\w*|horizon|lags?|lookback|ahead|shift|TimeSeriesSplit)(_|$)", re.I)
_WINDOWS = ("rolling", "rolling_mean")


def windows_ahead(project: Project) -> Iterator[Fact]:
    """Columns that are made with ``rolling(…, center=True)``."""
    if not any(_forecasts(file) for file in project.files.values()):
        return
    for file in project.files.values():
        for node in ast.walk(file.tree) if file.tree is not None else ():
            if isinstance(node, ast.Assign) and any(isinstance(target, ast.Subscript) for target in node.targets):
                for call in _centred(node.value):
                    spot = _spot(file, call)
                    yield fact("window ahead", spot, row("the window reaches past its row", spot))


def _centred(value: ast.expr) -> Iterator[ast.Call]:
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and _is_window(node.func):
            yield from (node for one in node.keywords if one.arg == "center" and _is_true(one.value))


def _is_window(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in _WINDOWS


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _forecasts(file: SourceFile) -> bool:
    words = (
        getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
        for node in (ast.walk(file.tree) if file.tree is not None else ())
    )
    return any(isinstance(word, str) and _FORECASTS.search(word) for word in words)


def _spot(file: SourceFile, node: ast.AST) -> Spot:
    line = int(getattr(node, "lineno", 1))
    lines = file.path.read_text(encoding="utf-8", errors="replace").splitlines()
    return Spot(str(file.path), line, lines[line - 1].strip()[:200] if line <= len(lines) else "")
