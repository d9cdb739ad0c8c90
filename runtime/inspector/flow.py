"""Goes through the program as a run would: statements in order, functions where they are called, modules where they are
imported. Nothing is executed.

Invariant: it ends within its time, and what it could not go through is told in the trace's ``blind``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

from .context import is_main_guard, is_type_checking
from .expressions import Expressions, combined
from .project import Project
from .scopes import absolute_module, all_arguments
from .state import MAX_DEPTH, Frame, Names, OutOfTime, lines_of
from .trace import Break, Choice, Condition, Loop, Trace
from .values import NOTHING, UNSET, ClassThing, Function, ModuleThing, Thing, Value, gathered, joined

_MOST_UNROLLED = 4
_TARGET_NAME = re.compile(r"^(y|ys|target|targets|labels?)(_|$)", re.IGNORECASE)


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


class Flow(Expressions):
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

    # -- names --

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

    def _do_assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self._look_for_running_best(target, node.value, value)
            self.bind(target, value, node)

    def _do_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.evaluate(node.value), node)

    def _do_augassign(self, node: ast.AugAssign) -> None:
        before, value = self.evaluate(node.target), self.evaluate(node.value)
        result = combined(before, value, node.op)
        keeps = before.marks & {"loss"} and isinstance(node.op, ast.Add)
        self.bind(node.target, result.with_(const=UNSET, marks=result.marks | (before.marks if keeps else set())), node)

    def bind(self, target: ast.AST, value: Value, node: ast.AST) -> None:
        if isinstance(target, ast.Name):
            self.look_for_dropped_rows(target.id, self.names.get(target.id), value, node)
            self.name_rows(target.id, value)
            self.note(value, node)
            if value.column and _TARGET_NAME.match(target.id):
                self.target_columns.add(value.column)
            self._note_literal(target.id, value, node)
            self.names.set(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target.elts, value, node)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, value, node)
        elif isinstance(target, ast.Attribute):
            self._bind_attribute(target, value, node)
        elif isinstance(target, ast.Subscript):
            self._bind_element(target, value, node)

    def _note_literal(self, name: str, value: Value, node: ast.AST) -> None:
        is_literal = isinstance(getattr(node, "value", None), ast.Constant)
        if is_literal and isinstance(value.const, (int, float, str)):
            self.trace.literals.append((name, value, self.spot(node)))

    def _unpack(self, targets: list[ast.expr], value: Value, node: ast.AST) -> None:
        items = list(value.items.values()) if value.items is not None else []
        if len(items) == 1 and len(targets) > 1 and items[0].items is not None:
            items = list(items[0].items.values())
        for index, target in enumerate(targets):
            if len(items) == len(targets):
                part = items[index]
            else:
                part = joined(items) if items else value.with_(items=None, column="")
                if part.rows and index == len(targets) - 1 == 1 and not part.marks & {"prediction", "output"}:
                    part = part.marked("target")
            self.bind(target, part, node)

    def _bind_attribute(self, target: ast.Attribute, value: Value, node: ast.AST) -> None:
        base = self.evaluate(target.value)
        if target.attr == "grad":
            self.trace.grads_cleared_by_hand = True
        self.name_rows(target.attr, value)
        self.note(value, node)
        for thing in base.things:
            if isinstance(thing, Thing):
                known = thing.attributes.get(target.attr)
                thing.attributes[target.attr] = joined([known, value]) if known and self.conditions else value

    def _bind_element(self, target: ast.Subscript, value: Value, node: ast.AST) -> None:
        base = self.evaluate(target.value)
        key = self.evaluate(target.slice)
        if not isinstance(target.value, ast.Name):
            if isinstance(target.value, ast.Attribute) and target.value.attr in ("loc", "iloc"):
                self._bind_element(ast.Subscript(target.value.value, target.slice, target.ctx), value, node)
            return
        items = dict(base.items) if base.items is not None else None
        if items is not None:
            items[key.const if isinstance(key.const, (str, int)) else ("?", 0)] = value
        merged = gathered((base.with_(items=None), value.with_(rows=frozenset()) if base.rows else value))
        self.names.set(target.value.id, base.with_(
            rows=merged.rows, seen=merged.seen, fits=merged.fits, marks=base.marks | (value.marks & {"metric"}),
            items=items, things=base.things if items is not None else base.things + value.things, const=UNSET,
        ))  # fmt: skip

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
                grown = joined([before.with_(items=None), *given])
                by_row = any(gathered([loop.over]).rows for loop in self.loops[-1:])
                marks = grown.marks if by_row or not grown.rows else grown.marks | {"stacked"}
                self.names.set(held.id, grown.with_(const=UNSET, name="", items=None, marks=marks))
            elif before is not None:
                self.names.set(held.id, joined([before, *map(self.evaluate, call.args)]))
            return
        owner = held.value if isinstance(held, (ast.Subscript, ast.Attribute)) else held
        if any(one.arg == "inplace" for one in call.keywords) and isinstance(owner, ast.Name):
            before = self.names.get(owner.id)
            if before is not None:
                self.names.set(owner.id, before.with_(fits=before.fits | value.fits))

    # -- ways through --

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

    # -- functions --

    def call_function(self, function: Function, args: list[Value], keywords: dict[str, Value]) -> Value:
        node = function.node
        if len(self.frames) >= MAX_DEPTH or any(frame.node is node for frame in self.frames):
            return gathered((*args, *keywords.values()))
        names = Names(function.scope.file, function.scope.lines, _scope_of(function))
        with self.within(names):
            self._bind_parameters(function, [*function.bound, *args], {**function.keywords, **keywords})
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body)
            self.frames.append(Frame(node))
            self.block(node.body)
            frame = self.frames.pop()
        if frame.yields:
            return Value(items=dict(enumerate(frame.yields)))
        return joined(frame.returns)

    def _bind_parameters(self, function: Function, args: list[Value], keywords: dict[str, Value]) -> None:
        given = function.node.args
        plain = [*given.posonlyargs, *given.args]
        defaults = dict(zip([one.arg for one in reversed(plain)], reversed(given.defaults)))  # noqa: B905
        defaults.update({one.arg: it for one, it in zip(given.kwonlyargs, given.kw_defaults) if it})  # noqa: B905
        for parameter in all_arguments(given):
            name = parameter.arg
            self.names.known[name] = keywords.get(name, NOTHING)
            if name not in keywords and name in defaults:
                with self.within(function.scope):
                    default = self.evaluate(defaults[name])
                self.names.known[name] = default
        for parameter, value in zip(plain, args):  # noqa: B905  (Python 3.9 has no strict zip)
            self.names.known[parameter.arg] = value
        if given.vararg is not None:
            self.names.known[given.vararg.arg] = Value(items=dict(enumerate(args[len(plain) :])))
        if given.kwarg is not None:
            known = {one.arg for one in (*plain, *given.kwonlyargs)}
            self.names.known[given.kwarg.arg] = Value(items={k: v for k, v in keywords.items() if k not in known})

    # -- choices --

    def _look_for_choice(self, node: ast.If) -> None:
        for test in ast.walk(node.test):
            if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Lt, ast.Gt, ast.LtE, ast.GtE)):
                sides = [test.left, test.comparators[0]]
                values = [self.evaluate(side) for side in sides]
                measured = gathered(values)
                if measured.rows or not measured.seen or not self.loops:
                    continue
                words = [{ast.unparse(one) for one in ast.walk(side) if isinstance(one, (ast.Name, ast.Attribute))}
                         for side in sides]  # fmt: skip
                if _replaces(node, words) or _leaves(node):
                    self.trace.choices.append(
                        Choice(self.spot(node), "a running best", measured.seen, self.loops, True)
                    )

    def _look_for_running_best(self, target: ast.AST, expression: ast.expr, value: Value) -> None:
        if not (isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name)):
            return
        if expression.func.id not in ("max", "min") or not value.seen or value.rows:
            return
        named = ast.unparse(target)
        is_running = bool(self.loops) and any(ast.unparse(one) == named for one in expression.args)
        if is_running or (len(expression.args) == 1 and "best" in named.lower()):
            self.chosen(expression, "a running best" if is_running else "the best of several", value.seen)


def _scope_of(function: Function) -> Names:
    """The scope that names are looked up in: a method does not see the names of its class."""
    scope: Names = function.scope
    return scope.parent if scope.parent is not None and scope.is_class else scope


def _replaces(node: ast.If, words: list[set[str]]) -> bool:
    """Whether one side of a comparison is replaced by the other in some branch."""
    for one in ast.walk(node):
        if not isinstance(one, ast.Assign):
            continue
        given = {ast.unparse(part) for part in ast.walk(one.value) if isinstance(part, (ast.Name, ast.Attribute))}
        named = {ast.unparse(part) for target in one.targets for part in ast.walk(target) if isinstance(part, ast.expr)}
        if any(named & words[side] and given & words[1 - side] for side in (0, 1)):
            return True
    return False


def _leaves(node: ast.If) -> bool:
    return any(isinstance(one, ast.Break) for statement in node.body for one in ast.walk(statement))
