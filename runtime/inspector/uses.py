"""What a source file asks of other modules: imports, names that it takes from them, and calls with their shape.

Invariant: a use is recorded only where its target is certain; how certain it is that the line runs is recorded with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from .context import (
    NEVER,
    PERHAPS,
    SURELY,
    WHEN_CALLED,
    Context,
    caught_by,
    caught_by_manager,
    is_main_guard,
    is_type_checking,
    leaves_early,
)
from .scopes import FUNCTION, Binder, FunctionNode, Scope, absolute_module, dotted_name, maker_of

PATH_MOVERS = ("sys.path", "sys.modules", "sys.meta_path", "site.addsitedir", "os.chdir")


@dataclass(frozen=True)
class ImportUse:
    """``import module`` or ``from module import names``."""

    module: str
    names: tuple[str, ...]
    """What is taken from it; ``*`` for everything; empty for a plain import."""
    line: int
    context: Context


@dataclass(frozen=True)
class Shape:
    """What is constant about a call's arguments."""

    positional: int
    keywords: tuple[str, ...]
    has_star: bool
    has_double_star: bool


@dataclass(frozen=True)
class NameUse:
    """A dotted name of a library that is read, and called where there is a shape."""

    target: str
    line: int
    context: Context
    shape: Shape | None = None
    method: str | None = None
    """Set when it is not the target that is called but this method of an instance made by calling the target."""


@dataclass
class Uses:
    """All that one file asks of others."""

    imports: list[ImportUse] = field(default_factory=list)
    names: list[NameUse] = field(default_factory=list)
    patched: set[str] = field(default_factory=set)
    """Dotted names that the code replaces by its own."""
    probed: set[str] = field(default_factory=set)
    """Strings of the file: a name that is also looked for as a string (hasattr) is not judged."""
    moves_path: bool = False
    """Whether the file changes the search path or the import system while it runs."""
    computed_imports: list[int] = field(default_factory=list)
    """Lines of imports whose name is only known at run time."""


class Reader(ast.NodeVisitor):
    """Walks one file with the context of every statement; ``is_main`` for the file that is run."""

    def __init__(self, tree: ast.Module, *, package: str, is_main: bool, mentioned: Iterable[str]) -> None:
        self.uses = Uses()
        self._package = package
        self._is_main = is_main
        self._mentioned = frozenset(mentioned)
        self._scopes = Binder(tree, package).scopes
        self._scope = self._scopes[tree]
        self._context = Context()
        self._later: dict[FunctionNode, tuple[Scope, Context]] = {}
        self._surely_called: list[FunctionNode] = []
        self._block(tree.body)
        self._visit_bodies()

    # Statements that change the context

    def visit_If(self, node: ast.If) -> None:
        if is_type_checking(node.test):
            self._block(node.orelse)
        elif is_main_guard(node.test):
            self._block(node.body if self._is_main else node.orelse)
        elif isinstance(node.test, ast.Constant):
            self._block(node.body if node.test.value else node.orelse)
        else:
            self.visit(node.test)
            self._under(self._context.conditional(node.test), node.body)
            self._under(self._context.conditional(node.test), node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._under(self._context.conditional(node.test), [node.body, node.orelse])

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        context = self._context
        for before, value in zip(node.values, node.values[1:]):  # noqa: B905  (Python 3.9 has no strict zip)
            context = context.conditional(before)
            self._under(context, [value])

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        endless = isinstance(node.test, ast.Constant)
        self._under(self._context if endless else self._context.conditional(node.test), node.body)
        self._under(self._context.conditional(), node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        self._visit_try(node)

    def visit_TryStar(self, node: ast.AST) -> None:
        self._visit_try(node)  # ``except*``, Python 3.11: the same fields

    def _visit_try(self, node: Any) -> None:
        self._under(self._context.catching(caught_by(node.handlers)), node.body)
        for handler in node.handlers:
            self._under(self._context.conditional(), handler.body)
        self._under(self._context.conditional() if node.handlers else self._context, node.orelse)
        self._block(node.finalbody)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)  # the annotation itself may never be evaluated
        if node.value is not None:
            self.visit(node.value)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        self._visit_with(node)

    def visit_With(self, node: ast.With) -> None:
        self._visit_with(node)

    def _visit_with(self, node: ast.With | ast.AsyncWith) -> None:
        context = self._context
        for item in node.items:
            self.visit(item)
            context = context.catching(caught_by_manager(item.context_expr))
        self._under(context, node.body)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.visit(node.iter)
        for condition in node.ifs:
            self.visit(condition)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outside)
        self._inside(node, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node, [node.body], context=self._context.conditional())

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._visit_comprehension(node, [node.elt], node.generators)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._visit_comprehension(node, [node.elt], node.generators)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._visit_comprehension(node, [node.elt], node.generators)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._visit_comprehension(node, [node.key, node.value], node.generators)

    def generic_visit(self, node: ast.AST) -> None:
        if type(node).__name__ == "Match":  # Python 3.10: every case is a condition
            self.visit(getattr(node, "subject"))  # noqa: B009  (unknown to Python 3.9's types)
            for case in getattr(node, "cases"):  # noqa: B009
                self._under(self._context.conditional(), case.body)
            return
        super().generic_visit(node)

    # What is recorded

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.uses.imports.append(ImportUse(alias.name, (), node.lineno, self._context))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = tuple(alias.name for alias in node.names)
        self.uses.imports.append(ImportUse(absolute_module(node, self._package), names, node.lineno, self._context))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        target = dotted_name(node, self._scope)
        if target is None:
            self.visit(node.value)
        elif isinstance(node.ctx, ast.Load):
            self._record(NameUse(target, node.lineno, self._context))
        else:
            self.uses.patched.add(target)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and len(node.value) < 100:
            self.uses.probed.add(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        self._record_call(node)
        self._note_special_call(node)
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            self.visit(keyword.value)

    def _record_call(self, node: ast.Call) -> None:
        target = dotted_name(node.func, self._scope)
        if target is not None:
            self._record(NameUse(target, node.lineno, self._context, shape_of(node)))
            return
        if isinstance(node.func, ast.Attribute):
            maker = maker_of(node.func.value, self._scope)
            if maker is not None:
                self._record(NameUse(maker, node.lineno, self._context, shape_of(node), node.func.attr))
        self.visit(node.func)

    def _record(self, use: NameUse) -> None:
        self.uses.names.append(use)
        if use.target.startswith(PATH_MOVERS):
            self.uses.moves_path = True

    def _note_special_call(self, node: ast.Call) -> None:
        target = dotted_name(node.func, self._scope)
        if target in ("importlib.import_module",) or getattr(node.func, "id", "") == "__import__":
            self.uses.computed_imports.append(node.lineno)
        elif getattr(node.func, "id", "") == "setattr" and node.args:
            patched = dotted_name(node.args[0], self._scope)
            if patched is not None:
                self.uses.patched.add(patched)
        elif isinstance(node.func, ast.Name) and self._context.certainty == SURELY:
            found = self._scope.lookup(node.func.id)
            if found is not None and found[1].kind == FUNCTION and runs_when_called(found[1].node):
                self._surely_called.append(found[1].node)  # type: ignore[arg-type]  # FUNCTION holds a function's node

    # Walking

    def _block(self, statements: Iterable[ast.AST]) -> None:
        before = self._context
        for statement in statements:
            self.visit(statement)
            if isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
                break
            if isinstance(statement, (ast.If, ast.For, ast.While, ast.Try, ast.With)) and leaves_early(statement):
                self._context = replace(self._context, may_have_left=True)
        self._context = before

    def _under(self, context: Context, parts: Iterable[ast.AST]) -> None:
        outside, self._context = self._context, context
        self._block(parts)
        self._context = outside

    def _inside(self, node: ast.AST, parts: Iterable[ast.AST], *, context: Context | None = None) -> None:
        outside, self._scope = self._scope, self._scopes[node]
        self._under(context or self._context, parts)
        self._scope = outside

    def _visit_comprehension(self, node: ast.expr, parts: list[ast.expr], generators: list[ast.comprehension]) -> None:
        self._inside(node, generators)
        tests = [test for generator in generators for test in generator.ifs]
        context = self._context
        for test in tests:
            context = context.conditional(test)
        self._inside(node, parts, context=context)

    def _visit_definition(self, node: FunctionNode) -> None:
        for outside in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(outside)
        self._later[node] = (self._scope, self._context)

    def _visit_bodies(self) -> None:
        """Bodies come after everything around them, so that it is known which functions are surely called."""
        while self._later:
            node = next((one for one in self._surely_called if one in self._later), None)
            sure = node is not None
            node = node or next(iter(self._later))
            scope, context = self._later.pop(node)
            self._scope = scope
            self._inside(node, node.body, context=context if sure else self._when_called(node, scope, context))

    def _when_called(self, node: FunctionNode, scope: Scope, context: Context) -> Context:
        name = scope.node.name if isinstance(scope.node, ast.ClassDef) else node.name
        decorated = bool(node.decorator_list)  # a decorator may register it somewhere
        if context.certainty == NEVER or not (decorated or name in self._mentioned):
            return replace(context, certainty=NEVER)
        return replace(context, certainty=PERHAPS if context.certainty == PERHAPS else WHEN_CALLED)


def shape_of(call: ast.Call) -> Shape:
    """The constant part of a call's arguments."""
    starred = [argument for argument in call.args if isinstance(argument, ast.Starred)]
    names = tuple(keyword.arg for keyword in call.keywords if keyword.arg is not None)
    return Shape(len(call.args) - len(starred), names, bool(starred), len(names) < len(call.keywords))


def mentioned_names(tree: ast.Module) -> set[str]:
    """Every name that the file reads: what is not among them (in any file) is never used by name."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            names.add(node.value)
    return names


def runs_when_called(node: ast.AST | None) -> bool:
    """Whether calling the function runs its body at once: not so for generators and coroutines."""
    if not isinstance(node, ast.FunctionDef):
        return False
    return not any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(node))
