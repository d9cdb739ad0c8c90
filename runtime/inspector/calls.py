"""Calls: a library's is recorded with its effect, a function or class of the user's is gone through.

Invariant: a function is never gone through inside of itself.
"""

from __future__ import annotations

import ast
from typing import Any

from .expressions import Expressions
from .scopes import all_arguments
from .state import MAX_DEPTH, Frame, Names
from .trace import Call
from .values import NOTHING, ClassThing, Function, Thing, Value, gathered, joined


class Calls(Expressions):
    """Calls of every kind."""

    def _of_call(self, node: ast.Call) -> Value:
        self.trace.followed.add(node)
        if isinstance(node.func, ast.Attribute):
            receiver = self.evaluate(node.func.value)
            args, keywords = self._arguments(node)
            func = node.func
            called = self.attribute(receiver, func.attr, node) if receiver.name else self._method(receiver, func)
            if called is None:
                return self._library_method(node, node.func.attr, receiver, args, keywords)
        else:
            called = self.evaluate(node.func)
            receiver = NOTHING
            args, keywords = self._arguments(node)
        return self._called_value(node, called, args, keywords)

    def _method(self, receiver: Value, func: ast.Attribute) -> Value | None:
        found = [value for thing in receiver.things for value in self._member(thing, func.attr)]
        return joined(found) if found else None

    def _arguments(self, node: ast.Call) -> tuple[tuple[Value, ...], dict[str, Value]]:
        args: list[Value] = []
        for one in node.args:
            value = self.evaluate(one.value if isinstance(one, ast.Starred) else one)
            if isinstance(one, ast.Starred) and value.items is not None:
                args.extend(value.items.values())
            else:
                args.append(value)
        keywords = {one.arg: self.evaluate(one.value) for one in node.keywords if one.arg is not None}
        for given in node.keywords:
            spread = self.evaluate(given.value) if given.arg is None else NOTHING
            keywords.update({key: value for key, value in (spread.items or {}).items() if isinstance(key, str)})
        return tuple(args), keywords

    def _called_value(
        self, node: ast.Call, called: Value, args: tuple[Value, ...], keywords: dict[str, Value]
    ) -> Value:
        if called.name:
            if called.name in ("functools.partial", "builtins.super"):
                return self._special(called.name, args, keywords)
            result = self.library_function(node, called.name, args, keywords)
            self._record(node, called.name, "", NOTHING, args, keywords, result)
            return result
        results = [self._call_thing(node, thing, called, args, keywords) for thing in called.things]
        if results:
            return joined(results)
        return gathered((called, *args, *keywords.values()))

    def _special(self, name: str, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
        if name == "builtins.super":
            return NOTHING
        functions = [one for one in args[0].things if isinstance(one, Function)] if args else []
        made = [Function(one.node, one.scope, one.bound + args[1:], {**one.keywords, **keywords}) for one in functions]
        return Value(things=tuple(made), name=args[0].name if args else "")

    def _call_thing(
        self, node: ast.Call, thing: Any, called: Value, args: tuple[Value, ...], keywords: dict[str, Value]
    ) -> Value:
        if isinstance(thing, Function):
            return self.call_function(thing, list(args), keywords)
        if isinstance(thing, ClassThing):
            return self._instance(node, thing, args, keywords)
        me = Value(things=(thing,))
        if isinstance(thing, Thing) and thing.owner is not None:
            for name in ("__call__", "forward"):
                for value in self._member(thing, name):
                    result = self._called_value(node, value, args, keywords)
                    return result.marked("output") if name == "forward" and result.items is None else result
            return gathered((*args, *keywords.values()))
        return self._library_method(node, "__call__", me, args, keywords)

    def _instance(
        self, node: ast.Call, owner: ClassThing, args: tuple[Value, ...], keywords: dict[str, Value]
    ) -> Value:
        thing = Thing(owner.node.name, self.spot(node), args, keywords, owner)
        self.trace.made.add(owner)
        me = Value(things=(thing,))
        starts = [one for value in self._class_member(owner, "__init__") for one in value.things]
        for start in starts:
            if isinstance(start, Function):
                self.call_function(start, [me, *args], keywords)
        if not starts:
            fields = [name for name in owner.members.known if not name.startswith("_")]
            thing.attributes.update(dict(zip(fields, args)))  # noqa: B905  (Python 3.9 has no strict zip)
            thing.attributes.update(keywords)
        inner = gathered((*args, *keywords.values(), *thing.attributes.values()))
        return inner.with_(things=(thing,), marks=frozenset())

    def _library_method(
        self, node: ast.Call, method: str, receiver: Value, args: tuple[Value, ...], keywords: dict[str, Value]
    ) -> Value:
        found = [
            result
            for thing in receiver.things
            if isinstance(thing, Thing) and thing.owner is None
            for result in (self.method_of_thing(node, method, receiver, thing, args, keywords),)
            if result is not None
        ]
        plain = receiver.with_(things=()) if receiver.rows else receiver
        result = joined(found) if found else self.method_of_value(node, method, plain, args, keywords)
        self._record(node, "", method, receiver, args, keywords, result)
        if not receiver.things and not receiver.touched and not receiver.name:
            self._escape("an unknown object", (*args, *keywords.values()))
        for thing in receiver.things:
            if isinstance(thing, Thing) and thing.owner is None:
                self._escape(f"{thing.maker}.{method}", (*args, *keywords.values()))
        return result

    def _record(
        self, node: ast.Call, name: str, method: str, receiver: Value, args: Any, keywords: Any, result: Value
    ) -> None:
        if name.endswith("_foreach_zero_") or (method == "zero_" and ".grad" in ast.unparse(node.func)):
            self.trace.grads_cleared_by_hand = True
        self.trace.calls.append(
            Call(node, self.spot(node), name, method, receiver, args, keywords, result, self.loops, self.conditions)
        )

    def call_function(self, function: Function, args: list[Value], keywords: dict[str, Value]) -> Value:
        node = function.node
        if len(self.frames) >= MAX_DEPTH or any(frame.node is node for frame in self.frames):
            return gathered((*args, *keywords.values()))
        self.trace.entered.add(node)
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


def _scope_of(function: Function) -> Names:
    """The scope that names are looked up in: a method does not see the names of its class."""
    scope: Names = function.scope
    return scope.parent if scope.parent is not None and scope.is_class else scope
