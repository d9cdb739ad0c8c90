"""Which object of a library a name in the source stands for.

Invariant: there is an answer only where exactly one thing can be meant; a name bound twice to different things has
none.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Union

FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef]  # noqa: UP007  Python 3.9 runs this line
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

IMPORTED = "imported"
ALIAS = "alias"
MADE = "made"
FUNCTION = "function"
OTHER = "other"


@dataclass(frozen=True)
class Binding:
    """One way in which a name gets its value."""

    kind: str
    line: int
    target: str = ""
    """Dotted name of what was imported."""
    node: ast.AST | None = None
    """The expression or definition that gives the value."""


@dataclass
class Scope:
    """The names of one module, function, class or comprehension."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer_names: set[str] = field(default_factory=set)
    """Names declared ``global`` or ``nonlocal`` here: their bindings belong outside."""
    star_lines: list[int] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def module(self) -> Scope:
        return self if self.parent is None else self.parent.module

    def bind(self, name: str, binding: Binding) -> None:
        """Record one more way in which the name may get its value."""
        if name in self.outer_names:
            # Global and nonlocal are not told apart: a name that is rebound from inside a function is judged nowhere.
            scope: Scope | None = self.parent
            while scope is not None:
                scope.bindings.setdefault(name, []).append(Binding(OTHER, binding.line))
                scope = scope.parent
            return
        self.bindings.setdefault(name, []).append(binding)

    def lookup(self, name: str) -> tuple[Scope, Binding] | None:
        """The scope and the only binding that the name can mean here, or ``None``."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.bindings.get(name)
            if found is not None and (scope is self or not scope.is_class):
                return scope._only(found)
            scope = scope.parent
        return None

    def _only(self, found: list[Binding]) -> tuple[Scope, Binding] | None:
        first = found[0]
        same = first.kind == IMPORTED and all(one.kind == IMPORTED and one.target == first.target for one in found)
        if len(found) > 1 and not same:
            return None
        if any(line > first.line for line in self.star_lines):
            return None  # a later ``from x import *`` may have replaced it
        return self, first


def dotted_name(expression: ast.AST, scope: Scope, *, depth: int = 0) -> str | None:
    """``torch.nn.Linear`` for an expression that can only mean that; aliases are followed."""
    if depth > 20:
        return None
    if isinstance(expression, ast.Attribute):
        base = dotted_name(expression.value, scope, depth=depth + 1)
        return None if base is None else f"{base}.{expression.attr}"
    if not isinstance(expression, ast.Name):
        return None
    found = scope.lookup(expression.id)
    if found is None:
        return None
    where, binding = found
    if binding.kind == IMPORTED:
        return binding.target
    if binding.kind == ALIAS and binding.node is not None:
        return dotted_name(binding.node, where, depth=depth + 1)
    return None


def maker_of(expression: ast.AST, scope: Scope) -> str | None:
    """The dotted name of what was called to make this value, as in ``SGD(…)`` or a name bound once to such a call."""
    if isinstance(expression, ast.Call):
        return dotted_name(expression.func, scope)
    if isinstance(expression, ast.Name):
        found = scope.lookup(expression.id)
        if found is not None and found[1].kind == MADE and isinstance(found[1].node, ast.Call):
            return dotted_name(found[1].node.func, found[0])
    return None


class Binder(ast.NodeVisitor):
    """Collects the scopes of one source file; ``scopes`` maps the node that opens a scope to it."""

    def __init__(self, tree: ast.Module, package: str) -> None:
        self._package = package
        self._scope = Scope(tree, None)
        self.scopes: dict[ast.AST, Scope] = {tree: self._scope}
        self.generic_visit(tree)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self._bind(name, Binding(IMPORTED, node.lineno, target=alias.name if alias.asname else name))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = absolute_module(node, self._package)
        for alias in node.names:
            if alias.name == "*":
                self._scope.star_lines.append(node.lineno)
            else:
                self._bind(alias.asname or alias.name, Binding(IMPORTED, node.lineno, target=f"{module}.{alias.name}"))

    def visit_Assign(self, node: ast.Assign) -> None:
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self._bind_value(node.targets[0].id, node.value)
            self.visit(node.value)
            return
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Name) and node.value is not None:
            self._bind_value(node.target.id, node.value)
            self.visit(node.value)
            return
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id, Binding(OTHER, node.lineno))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        # Inside a comprehension ``:=`` binds outside of it.
        scope: Scope | None = self._scope
        while scope is not None and isinstance(scope.node, COMPREHENSIONS):
            scope.bind(node.target.id, Binding(OTHER, node.lineno))
            scope = scope.parent
        if scope is not None:
            scope.bind(node.target.id, Binding(OTHER, node.lineno))
        self.visit(node.value)

    def visit_Global(self, node: ast.Global) -> None:
        self._scope.outer_names.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._scope.outer_names.update(node.names)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, Binding(OTHER, node.lineno))
        self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        # Patterns of ``match`` (Python 3.10) keep the names that they bind as plain strings.
        for attribute in ("name", "rest"):
            name = getattr(node, attribute, None)
            if isinstance(name, str) and type(node).__name__.startswith("Match"):
                self._bind(name, Binding(OTHER, getattr(node, "lineno", 0)))
        super().generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_defaults(node.args)
        self._inside(node, [node.body], arguments=node.args)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name, Binding(OTHER, node.lineno, node=node))
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outside)
        self._inside(node, node.body)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._inside(node, [*node.generators, node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._inside(node, [*node.generators, node.elt])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._inside(node, [*node.generators, node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._inside(node, [*node.generators, node.key, node.value])

    def _visit_function(self, node: FunctionNode) -> None:
        self._bind(node.name, Binding(FUNCTION, node.lineno, node=node))
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._visit_defaults(node.args)
        self._inside(node, node.body, arguments=node.args)

    def _visit_defaults(self, arguments: ast.arguments) -> None:
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self.visit(default)

    def _inside(self, node: ast.AST, parts: Sequence[ast.AST], *, arguments: ast.arguments | None = None) -> None:
        outside, self._scope = self._scope, Scope(node, self._scope)
        self.scopes[node] = self._scope
        for argument in all_arguments(arguments):
            self._bind(argument.arg, Binding(OTHER, argument.lineno))
        for part in parts:
            self.visit(part)
        self._scope = outside

    def _bind_value(self, name: str, value: ast.expr) -> None:
        kind = ALIAS if isinstance(value, (ast.Name, ast.Attribute)) else MADE if isinstance(value, ast.Call) else OTHER
        self._bind(name, Binding(kind, value.lineno, node=value))

    def _bind(self, name: str, binding: Binding) -> None:
        self._scope.bind(name, binding)


def all_arguments(arguments: ast.arguments | None) -> list[ast.arg]:
    """Every parameter of a function, in whatever way it is given."""
    if arguments is None:
        return []
    starred = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def absolute_module(node: ast.ImportFrom, package: str) -> str:
    """The absolute name of the module in ``from … import …``; a leading dot that cannot be resolved stays in it."""
    module = node.module or ""
    if not node.level:
        return module
    parts = package.split(".") if package else []
    if node.level > len(parts):
        return "." * node.level + module
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, module] if module else base)
