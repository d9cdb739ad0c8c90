"""Rewrites the user's modules as they are imported, so that the tracker sees every loop around the training.

The rewritten code computes what it computed: a loop's iterable passes through ``loop``, a condition through ``when``
or ``bound``, which return what they were given except where a rehearsal cuts. Left alone: everything reachable from a
module's ``forward`` and functions that are compiled or traced (rewriting breaks graph capture), coroutines, class
bodies, loops that call nothing.
"""

from __future__ import annotations

import ast
import copy
import importlib.machinery
import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeVar

from . import products
from .counters import Loop, comparison, counters_of, dotted, ending_branches, target_counters
from .sites import SiteTable

HOOK = "__mlintern_probe__"
"""The tracker's name among the builtins."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_EATERS = {"sum", "max", "min", "list", "tuple", "set", "sorted", "any", "all", "dict"}
"""Calls that consume a generator expression at once."""
_CAPTURES = {"compile", "script", "trace", "jit", "vmap", "grad", "checkpoint", "export", "make_fx"}
"""Functions that take a function apart: what they are given is left alone."""


def rewrite(source: bytes | str, file: str, table: SiteTable, *, branches: bool = True) -> CodeType:
    """Compile a module with its loops rewritten. Raises ``SyntaxError`` as ``compile`` does."""
    tree = ast.parse(source, file)
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    rewriter = _Rewriter(file, text.splitlines(), table, captured_functions(tree), branches)
    rewritten = rewriter.visit(tree)
    if table.products and branches and products.is_by_hand(text):
        rewritten = products.watched(rewritten)
    return compile(ast.fix_missing_locations(rewritten), file, "exec", dont_inherit=True)


def captured_functions(tree: ast.Module) -> set[ast.AST]:
    """Functions that may run inside a module's ``forward`` or inside graph capture."""
    by_name: dict[str, list[ast.AST]] = {}
    seeds: list[ast.AST] = []
    for owner in ast.walk(tree):
        for function in getattr(owner, "body", []) if isinstance(owner, (ast.Module, ast.ClassDef)) else []:
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                by_name.setdefault(function.name, []).append(function)
                if function.name == "forward" or _is_captured(function):
                    seeds.append(function)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _last_name(call.func) in _CAPTURES:
            for argument in call.args:
                seeds.extend(by_name.get(_last_name(argument) or "", []))
    captured: set[ast.AST] = set()
    while seeds:
        function = seeds.pop()
        if function in captured:
            continue
        captured.add(function)
        for call in ast.walk(function):
            if isinstance(call, ast.Call):
                seeds.extend(by_name.get(_called_name(call.func) or "", []))
    return captured


def _is_captured(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = (_last_name(d.func if isinstance(d, ast.Call) else d) for d in function.decorator_list)
    return any(name in _CAPTURES for name in names)


def _last_name(node: ast.AST) -> str | None:
    name = dotted(node)
    return name.rpartition(".")[2] if name else None


def _called_name(node: ast.AST) -> str | None:
    """``f(…)`` and ``self.f(…)``, but not ``other.f(…)``."""
    if isinstance(node, ast.Attribute):
        return node.attr if dotted(node.value) == "self" else None
    return node.id if isinstance(node, ast.Name) else None


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Every node below, without those of nested functions."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))


def _has(body: Sequence[ast.AST], kinds: Any) -> bool:
    return any(isinstance(node, kinds) for node in _own_nodes(body))


_Comprehension = TypeVar("_Comprehension", ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _changed_in(loop: Loop) -> set[str | None]:
    """The names and attributes that a loop binds, its own targets included."""
    around = [loop.target] if isinstance(loop, ast.For) else []
    stored = (node for node in _own_nodes([*around, *loop.body]) if isinstance(node, (ast.Name, ast.Attribute)))
    return {dotted(node) for node in stored if isinstance(node.ctx, ast.Store)}


class _Around:
    """A ``for`` loop as seen from inside: its targets, its index, and what it changes."""

    def __init__(self, loop: ast.For) -> None:
        self.targets = {name.id for name in ast.walk(loop.target) if isinstance(name, ast.Name)}
        self.index = next(iter(target_counters(loop)), None)
        self._changed = _changed_in(loop)

    def decides(self, test: ast.expr) -> bool:
        """Whether a condition depends on this loop's index and on nothing else that changes in the loop."""
        names = [node for node in ast.walk(test) if isinstance(node, (ast.Name, ast.Attribute))]
        pure = _is_pure(test)
        others = {dotted(name) for name in names} - {self.index}
        return (
            pure
            and any(isinstance(name, ast.Name) and name.id == self.index for name in names)
            and not (others & self._changed)
        )


_PURE = (
    ast.BoolOp, ast.Compare, ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Attribute, ast.expr_context,
    ast.operator, ast.unaryop, ast.cmpop, ast.boolop,
)  # fmt: skip


def _is_pure(test: ast.expr) -> bool:
    return all(isinstance(node, _PURE) or _is_len(node) for node in ast.walk(test))


def _is_settled(test: ast.expr, changed: set[str | None]) -> bool:
    """Whether a condition has the same value in every iteration of a loop that binds the names ``changed``."""
    names = (dotted(node) for node in ast.walk(test) if isinstance(node, (ast.Name, ast.Attribute)))
    return _is_pure(test) and not changed & set(names)


def _is_len(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("len", "int", "max", "min")
    )


class _Rewriter(ast.NodeTransformer):
    def __init__(self, file: str, lines: list[str], table: SiteTable, captured: set[ast.AST], branches: bool) -> None:
        self._file = file
        self._lines = lines
        self._table = table
        self._captured = captured
        self._branches = branches
        self._around: list[_Around] = []
        """The ``for`` loops around, innermost last."""

    # -- what is left alone ------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node in self._captured:
            return node
        around, self._around = self._around, []
        self.generic_visit(node)
        self._around = around
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [self.visit(item) if isinstance(item, ast.FunctionDef) else item for item in node.body]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    # -- loops -------------------------------------------------------------------------------------------------------

    def visit_For(self, node: ast.For) -> Any:
        if not _has([*node.body, node.iter], ast.Call):
            return node
        if _has(node.body, (ast.Yield, ast.YieldFrom)):
            return self._feeding(node)
        number = self._loop_site("for", node)
        self._watch_bounds(node, number)
        self._around.append(_Around(node))
        self.generic_visit(node)
        self._around.pop()
        node.iter = self._call("loop", number, node.iter)
        return self._guarded([node], number)

    def visit_While(self, node: ast.While) -> Any:
        if not _has([*node.body, node.test], ast.Call) or _has(node.body, (ast.Yield, ast.YieldFrom)):
            return self.generic_visit(node)
        number = self._loop_site("while", node)
        self._watch_bounds(node, number)
        self.generic_visit(node)
        node.test = ast.copy_location(ast.BoolOp(ast.And(), [self._call("again", number), node.test]), node.test)
        return self._guarded([node], number)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._comprehension(node, node.elt)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._comprehension(node, node.elt)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._comprehension(node, node.value)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in _EATERS and len(node.args) == 1:
            argument = node.args[0]
            if isinstance(argument, ast.GeneratorExp):
                node.args[0] = self._comprehension(argument, argument.elt)
                return node
        return self.generic_visit(node)

    def _comprehension(self, node: _Comprehension, element: ast.expr) -> _Comprehension:
        self.generic_visit(node)
        if _has([element], ast.Call) and not node.generators[0].is_async:
            number = self._site("for", node)
            node.generators[0].iter = self._call("each", number, node.generators[0].iter)
        return node

    def _feeding(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        direct = any(isinstance(s, ast.Expr) and isinstance(s.value, ast.Yield) for s in node.body)
        inner = any(isinstance(s, (ast.For, ast.While)) and _has(s.body, ast.Yield) for s in node.body)
        number = self._site("for", node)
        node.iter = self._call("feeds", number, node.iter, ast.Constant(direct or inner))
        return node

    # -- conditions --------------------------------------------------------------------------------------------------

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        if not self._branches or _has(node.body, (ast.Yield, ast.YieldFrom)):
            return node
        if not self._is_periodic(node.test):
            return node
        number = self._site("branch", node, local=self._on_own_index(node.test))
        foresight = self._foresight(node.test, number)
        node.test = self._periodic(node.test, number)
        node.body = [self._statement("enter", number), *self._guarded(node.body, number)]
        return [*foresight, node]

    def _foresight(self, test: ast.expr, number: int) -> list[ast.stmt]:
        """Let the tracker ask a condition on the loop's own index for every index there will be."""
        around = self._around[-1] if self._around else None
        if around is None or not around.decides(test) or around.index is None:
            return []
        arguments = ast.arguments([], [ast.arg(around.index)], None, [], [], None, [])
        question = ast.Lambda(arguments, copy.deepcopy(test))
        call = self._call("foresee", number, question)
        return [ast.copy_location(ast.Expr(ast.copy_location(call, test)), test)]

    def _periodic(self, test: ast.expr, number: int) -> ast.expr:
        """Wrap every ``x % n == c``, and every ``index == c``, in a condition."""
        if isinstance(test, ast.BoolOp):
            test.values = [self._periodic(value, number) for value in test.values]
            return test
        remainder = _remainder(test)
        if remainder is not None:
            divisor = remainder.right
            period = divisor if isinstance(divisor, ast.Constant) or dotted(divisor) else ast.Constant(None)
            return self._call("when", number, test, period)
        return self._call("when", number, test, ast.Constant(0)) if self._is_once(test) else test

    def _is_periodic(self, test: ast.expr) -> bool:
        if isinstance(test, ast.BoolOp):
            return any(self._is_periodic(value) for value in test.values)
        return _remainder(test) is not None or self._is_once(test)

    def _is_once(self, test: ast.expr) -> bool:
        """``epoch == 0``, ``step == steps - 1``: true at one iteration of the loop around."""
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
            return False
        return any(self._on_own_index(side) for side in (test.left, test.comparators[0]))

    def _on_own_index(self, node: ast.AST) -> bool:
        own = self._around[-1].targets if self._around else set()
        return any(isinstance(name, ast.Name) and name.id in own for name in ast.walk(node))

    def _watch_bounds(self, loop: Loop, number: int) -> None:
        counters, changed = counters_of(loop), _changed_in(loop)
        if isinstance(loop, ast.While):
            loop.test = self._bounded(loop.test, counters, number, ast.And, continues=True)
            conditions = loop.test.values if isinstance(loop.test, ast.BoolOp) else [loop.test]
            if any(_is_bound(one) for one in conditions):
                loop.test = self._may_end(loop.test, number, changed, ast.And)
        for branch in ending_branches(loop):
            several = _behind_settled(branch.test, changed)  # ``if limit is not None and step >= limit``
            if several is not None:
                several.values[-1] = self._bounded(several.values[-1], counters, number, ast.Or, continues=False)
                if _is_bound(several.values[-1]):
                    continue
            branch.test = self._bounded(branch.test, counters, number, ast.Or, continues=False)
            branch.test = self._may_end(branch.test, number, changed, ast.Or)

    def _may_end(self, test: ast.expr, number: int, changed: set[str | None], join: type) -> ast.expr:
        """Let the tracker know of a condition that may end the loop early: one that is not a bound, and can change."""
        joined = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, join) else [test]
        if not self._branches or all(_is_bound(one) or _is_settled(one, changed) for one in joined):
            return test
        # What is settled and stands in front decides by itself: ``if patience and waited >= patience``.
        parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else []
        settled = list(itertools.takewhile(lambda one: _is_settled(one, changed), parts))
        first: ast.expr = ast.Constant(True)
        if settled:
            first = settled[0] if len(settled) == 1 else ast.BoolOp(ast.And(), settled)
        rest = parts[len(settled) :] or [test]
        early = self._call("may_end", number, ast.Constant(test.lineno), first)
        return ast.copy_location(ast.BoolOp(ast.And(), [ast.copy_location(early, test), *rest]), test)

    def _bounded(self, test: ast.expr, counters: set[str], number: int, join: type, *, continues: bool) -> ast.expr:
        if isinstance(test, ast.BoolOp) and isinstance(test.op, join):
            test.values = [self._bounded(v, counters, number, join, continues=continues) for v in test.values]
            return test
        found = comparison(test, counters) if isinstance(test, ast.Compare) else None
        if found is None:
            return test
        operator, counter, limit = found
        return self._call("bound", number, ast.Constant(operator), counter, limit, ast.Constant(continues))

    # -- building ----------------------------------------------------------------------------------------------------

    def _site(self, kind: str, node: Any, **flags: bool) -> int:
        line = self._lines[node.lineno - 1].strip() if node.lineno <= len(self._lines) else ""
        return self._table.add(kind, self._file, node.lineno, line[:200], **flags).number

    def _loop_site(self, kind: str, node: Loop) -> int:
        trains = any(isinstance(inner, ast.Attribute) and inner.attr == "backward" for inner in _own_nodes(node.body))
        return self._site(kind, node, trains=trains)

    def _call(self, method: str, number: int, *arguments: ast.expr) -> ast.Call:
        function = ast.Attribute(ast.Name(HOOK, ast.Load()), method, ast.Load())
        call = ast.Call(function, [ast.Constant(number), *arguments], [])
        return ast.copy_location(call, arguments[0]) if arguments and hasattr(arguments[0], "lineno") else call

    def _statement(self, method: str, number: int) -> ast.stmt:
        return ast.Expr(self._call(method, number))

    def _guarded(self, body: list[ast.stmt], number: int) -> list[ast.stmt]:
        guard = ast.Try(body, [], [], [self._statement("leave", number)])
        return [ast.copy_location(guard, body[0])]


def _behind_settled(test: ast.expr, changed: set[str | None]) -> ast.BoolOp | None:
    """Conditions of which the last decides, once those before it, which the loop does not change, hold."""
    if not (isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)):
        return None
    return test if all(_is_settled(one, changed) for one in test.values[:-1]) else None


def _is_bound(test: ast.expr) -> bool:
    return isinstance(test, ast.Call) and dotted(test.func) == f"{HOOK}.bound"


def _remainder(test: ast.expr) -> ast.BinOp | None:
    """The ``x % n`` of ``x % n == c`` and of ``not x % n``."""
    sides: list[ast.expr] = []
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        sides = [test.operand]
    elif isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        sides = [test.left, test.comparators[0]]
    for side in sides:
        if isinstance(side, ast.BinOp) and isinstance(side.op, ast.Mod) and not isinstance(side.left, ast.Constant):
            return side
    return None


class Loader(importlib.machinery.SourceFileLoader):
    """Imports one of the user's modules rewritten; its byte code is never cached."""

    table: SiteTable
    branches: bool = True

    def get_code(self, fullname: str) -> CodeType:
        """The module's code, rewritten where that is possible."""
        path = self.get_filename(fullname)
        return rewrite(self.get_data(path), path, self.table, branches=self.branches)


class Finder:
    """A meta path finder that gives the user's own modules to :class:`Loader`."""

    def __init__(self, roots: Sequence[str], table: SiteTable, frameworks: Sequence[str] = ()) -> None:
        self._roots = [Path(root).resolve() for root in roots]
        self._table = table
        self._ours = Path(__file__).resolve().parent
        self._frameworks = frozenset(frameworks)

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        """The ordinary spec, with our loader where the file is the user's."""
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader or not spec.origin:
            return None
        if name not in self._frameworks and not self.is_users(spec.origin):
            return None
        loader = Loader(name, spec.origin)
        loader.table = self._table
        loader.branches = name not in self._frameworks
        spec.loader = loader
        return spec

    def is_users(self, file: str) -> bool:
        """Whether a file belongs to the user's project, and not to an installed package or to the probe."""
        path = Path(file).resolve()
        if {"site-packages", "dist-packages"} & set(path.parts) or self._ours in path.parents:
            return False
        prefixes = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
        if any(prefix in path.parents and prefix not in (Path("/"), Path("/usr")) for prefix in prefixes):
            return False
        return any(root == path or root in path.parents for root in self._roots)


def install(roots: Sequence[str], table: SiteTable, frameworks: Sequence[str] = ()) -> Finder:
    """Rewrite everything that is imported from ``roots`` from now on, and the loops of the named framework modules."""
    finder = Finder(roots, table, frameworks)
    sys.meta_path.insert(0, finder)
    return finder
