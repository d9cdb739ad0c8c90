"""Goes through the program as a run would: statements in order, functions where they are called, modules where they are
imported. Nothing is executed.

Invariant: it ends within its time, and what it could not go through is told in the trace's ``blind``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from .bindings import Bindings
from .context import is_main_guard, is_type_checking
from .project import Project
from .scopes import absolute_module
from .state import Names, OutOfTime, lines_of
from .trace import Break, Condition, Loop, Trace
from .values import UNSET, ClassThing, Function, ModuleThing, Thing, Value, gathered, joined

_MOST_UNROLLED = 4



def follow(project: Project, *, seconds: float) -> Trace:
    """What the program does, as far as its code says."""
    flow = Flow(project, seconds=seconds)
    try:
        flow.module("__main__")
    except OutOfTime:
        flow.trace.blind.append("the program is too large to be followed to its end")
    except RecursionError:
        flow.trace.blind.append("the program is nested too deeply to be followed")
    flow.trace.targets = frozenset(flow.target_columns)
    return flow.trace


class Flow(Bindings):
    """Statements."""

    def module(self, name: str) -> Names:
        """The names of a module of the user's, once its body was gone through."""
        if name in self.modules:
            return self.modules[name]
        file = self.project.files[name]
        names = self.modules[name] = Names(file, lines_of(file.path))
        if file.tree is None:
            self.trace.blind.append(f"{file.path.name} could not be read")
            return names
        with self.within(names):
            self.block(file.tree.body)
        return names

    def block(self, statements: Iterable[ast.stmt]) -> bool:
        for statement in statements:
            self.tick()
            method = getattr(self, "_do_" + type(statement).__name__.lower(), None)
            if method is not None:
                if method(statement):
                    return True
            else:
                for child in ast.iter_child_nodes(statement):
                    if isinstance(child, ast.expr):
                        self.evaluate(child)
        return False

    def _do_import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            named = alias.name if alias.asname else top
            self.names.set(alias.asname or top, self._imported(named))

    def _do_importfrom(self, node: ast.ImportFrom) -> None:
        module = absolute_module(node, self.names.file.package)
        scope = self.module(module) if module in self.project.files and module != "__main__" else None
        for alias in node.names:
            if alias.name == "*" and scope is not None:
                self.names.known.update(scope.known)
            elif scope is not None and alias.name in scope.known:
                self.names.set(alias.asname or alias.name, scope.known[alias.name])
            elif scope is None or f"{module}.{alias.name}" in self.project.files:
                self.names.set(alias.asname or alias.name, self._imported(f"{module}.{alias.name}"))

    def _imported(self, module: str) -> Value:
        if module in self.project.files and module != "__main__":
            return Value(things=(ModuleThing(self.module(module)),))
        return Value(name=module)

    def _do_functiondef(self, node: ast.FunctionDef) -> None:
        self.names.set(node.name, Value(things=(Function(node, self.names),)))

    _do_asyncfunctiondef = _do_functiondef

    def _do_classdef(self, node: ast.ClassDef) -> None:
        members = Names(self.names.file, self.names.lines, self.names)
        members.is_class = True
        thing = ClassThing(node, self.names, members, tuple(self.evaluate(base) for base in node.bases))
        with self.within(members):
            self.block(node.body)
        self.names.set(node.name, Value(things=(thing,)))

    def _do_global(self, node: ast.Global) -> None:
        self.names.outer.update(node.names)

    _do_nonlocal = _do_global

    def _do_expr(self, node: ast.Expr) -> None:
        value = self.evaluate(node.value)
        call = node.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            return
        held, name = call.func.value, call.func.attr
        if name in ("append", "add", "extend", "update") and isinstance(held, ast.Name):
            before = self.names.get(held.id)
            if before is not None and not any(isinstance(thing, Thing) for thing in before.things if thing):
                given = [self.evaluate(one) for one in call.args]
                is_led = _is_led_by_a_measure(given)
                given = [gathered(given)] if is_led else given
                grown = joined([before.with_(items=None), *given])
                by_row = any(gathered([loop.over]).rows for loop in self.loops[-1:])
                marks = grown.marks if by_row or not grown.rows else grown.marks | {"stacked"}
                if self.loops and gathered(given).seen and (is_led or not grown.rows):
                    marks |= {"collected", "led"} if is_led else {"collected"}
                self.names.set(held.id, grown.with_(const=UNSET, name="", items=None, marks=marks))
            elif before is not None:
                self.names.set(held.id, joined([before, *map(self.evaluate, call.args)]))
            return
        owner = held.value if isinstance(held, (ast.Subscript, ast.Attribute)) else held
        if any(one.arg == "inplace" for one in call.keywords) and isinstance(owner, ast.Name):
            before = self.names.get(owner.id)
            if before is not None:
                self.names.set(owner.id, before.with_(fits=before.fits | value.fits))

    def _do_return(self, node: ast.Return) -> bool:
        if self.frames:
            self.frames[-1].returns.append(self.evaluate(node.value))
        return True

    def _do_raise(self, node: ast.Raise) -> bool:
        return True

    def _do_continue(self, node: ast.Continue) -> bool:
        return True

    def _do_break(self, node: ast.Break) -> bool:
        if self.loops and self.conditions:
            condition = self.conditions[-1]
            test = condition.node.test if isinstance(condition.node, ast.If) else None
            self.trace.breaks.append(Break(condition.spot, self.loops[-1], test))
        return True

    def _do_if(self, node: ast.If) -> bool:
        if is_type_checking(node.test):
            return self.block(node.orelse)
        if is_main_guard(node.test):
            return self.block(node.body if self.names.file.is_main else node.orelse)
        self.evaluate(node.test)
        truth = self._truth(node.test)
        if truth is not False:
            self._look_for_choice(node)
        if truth is not None:
            return self.block(node.body if truth else node.orelse)
        before = dict(self.names.known)
        with self.inside(condition=Condition(self.spot(node), node, True)):
            left_body = self.block(node.body)
        after_body, self.names.known = self.names.known, before.copy()
        with self.inside(condition=Condition(self.spot(node), node, False)):
            left_else = self.block(node.orelse)
        self._merge(after_body, left_body, left_else)
        return left_body and left_else

    def _merge(self, after_body: dict[str, Value], left_body: bool, left_else: bool) -> None:
        if left_else and not left_body:
            self.names.known = after_body
        elif not left_body:
            for name, value in after_body.items():
                known = self.names.known.get(name)
                self.names.known[name] = value if known is None else joined([known, value])

    def _truth(self, test: ast.expr) -> bool | None:
        """Whether a condition on plain names surely holds."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self._truth(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            decides = isinstance(test.op, ast.Or)
            parts = [self._truth(part) for part in test.values]
            return decides if decides in parts else (None if None in parts else not decides)
        if isinstance(test, ast.Constant):
            return bool(test.value)
        if isinstance(test, ast.Name):
            const = self._sure_constant(test)
            return None if const is UNSET else bool(const)
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.left, ast.Name):
            return self._compared(test.left, test.ops[0], test.comparators[0])
        return None

    def _compared(self, left: ast.Name, operator: ast.cmpop, right: ast.expr) -> bool | None:
        const, other = self._sure_constant(left), self._sure_constant(right)
        if isinstance(operator, (ast.Is, ast.IsNot)) and other is None:
            value = self.names.get(left.id)
            is_there = value is not None and bool(value.things or value.rows)
            if const is UNSET and not is_there:
                return None
            return (const is None and not is_there) == isinstance(operator, ast.Is)
        if UNSET in (const, other) or not isinstance(operator, (ast.Eq, ast.NotEq)):
            return None
        return bool(const == other) == isinstance(operator, ast.Eq)

    def _sure_constant(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        value = self.names.get(node.id) if isinstance(node, ast.Name) else None
        return value.const if value is not None and value.origin == "code" and not value.things else UNSET

    def _do_for(self, node: ast.For) -> bool:
        over = self.evaluate(node.iter)
        loop = Loop(self.spot(node), over, ast.dump(node.iter), node)
        self._forget_constants(node)
        turns = [self.element(over)]
        items = list((over.items or {}).values())
        if 0 < len(items) <= _MOST_UNROLLED and all(isinstance(one.const, str) for one in items):
            turns = items
        with self.inside(loop=loop):
            for turn in turns:
                self.bind(node.target, turn, node)
                self.block(node.body)
        self.block(node.orelse)
        return False

    _do_asyncfor = _do_for

    def _do_while(self, node: ast.While) -> bool:
        self._forget_constants(node)
        over = self.evaluate(node.test)
        with self.inside(loop=Loop(self.spot(node), over.with_(rows=frozenset()), ast.dump(node.test), node)):
            self.block(node.body)
        return False

    def _forget_constants(self, loop: ast.AST) -> None:
        for node in ast.walk(loop):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                known = self.names.get(node.id)
                if known is not None and known.const is not UNSET:
                    self.names.set(node.id, known.with_(const=UNSET))

    def _do_with(self, node: ast.With) -> bool:
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, node)
        return self.block(node.body)

    _do_asyncwith = _do_with

    def _do_try(self, node: Any) -> bool:
        left = self.block(node.body)
        for handler in node.handlers:
            with self.inside(condition=Condition(self.spot(handler), handler, True)):
                before = dict(self.names.known)
                if self.block(handler.body):
                    self.names.known = before
        self.block(node.orelse)
        self.block(node.finalbody)
        return left and not node.handlers

    _do_trystar = _do_try


def _is_led_by_a_measure(given: list[Value]) -> bool:
    """Whether what is collected are tuples that a measured number leads, so that the best of them is chosen by it."""
    first = (given[0].items or {}).get(0) if len(given) == 1 else None
    return first is not None and bool(first.seen) and not first.rows
