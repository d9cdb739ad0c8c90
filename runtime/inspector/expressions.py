"""What an expression gives: names, attributes, subscripts, operators and comprehensions.

Invariant: an expression that is not understood gives the rows of its parts and nothing else.
"""

from __future__ import annotations

import ast
from typing import Any

from . import meanings
from .along import is_along_rows, is_constant_stretch
from .arithmetic import combined, is_turned, summed
from .effects import Effects
from .trace import AcrossRows, Loop
from .values import NOTHING, UNSET, ClassThing, Fit, Function, ModuleThing, Thing, Value, constant, gathered, joined

_SPLIT_KEYS = ("train", "test", "validation", "val", "valid", "dev")
_MOST_UNROLLED = 6
_THROUGH = ("loc", "iloc", "at", "iat", "values", "T", "data", "dataset", "array", "to_numpy", "grad_fn")



class Expressions(Effects):
    """Evaluates expressions in the names of the moment."""

    def evaluate(self, node: ast.AST | None) -> Value:
        if node is None:
            return NOTHING
        self.tick()
        method = getattr(self, "_of_" + type(node).__name__.lower(), None)
        if method is not None:
            result: Value = method(node)
            return result
        return gathered([self.evaluate(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)])

    def _of_constant(self, node: ast.Constant) -> Value:
        return constant(node.value, self.spot(node))

    def _of_name(self, node: ast.Name) -> Value:
        value = self.names.get(node.id)
        return value if value is not None else Value(name=f"builtins.{node.id}")

    def _of_tuple(self, node: ast.Tuple | ast.List | ast.Set) -> Value:
        if any(isinstance(one, ast.Starred) for one in node.elts):
            return gathered([self.evaluate(one) for one in node.elts])
        return Value(items={index: self.evaluate(one) for index, one in enumerate(node.elts)})

    _of_list = _of_set = _of_tuple

    def _of_starred(self, node: ast.Starred) -> Value:
        return self.element(self.evaluate(node.value))

    def _of_dict(self, node: ast.Dict) -> Value:
        items: dict[Any, Value] = {}
        for key, value in zip(node.keys, node.values):  # noqa: B905  (Python 3.9 has no strict zip)
            found = self.evaluate(value)
            named = self.evaluate(key).const if key is not None else UNSET
            if isinstance(named, str):
                self.name_rows(named, found)
            items[named if isinstance(named, (str, int)) else ("?", len(items))] = found
        return Value(items=items)

    def _of_attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self.evaluate(node.value), node.attr, node)

    def attribute(self, base: Value, name: str, node: ast.AST) -> Value:
        """An attribute of a module, an object or data."""
        if base.name:
            return Value(name=f"{base.name}.{name}")
        found = [value for thing in base.things for value in self._member(thing, name)]
        if found:
            return joined(found)
        if name in meanings.COUNTING:
            return Value(counts=base.rows)
        if name in ("target", "labels", "targets", "y"):
            return base.with_(column="target", things=(), items=None).marked("target")
        if name == "index" and base.rows:
            return Value(rows=base.rows, marks=frozenset({"index"}))
        if name in _THROUGH or not base.rows:
            keep = base.things if name in ("dataset", "module", *_THROUGH) else ()
            return base.with_(things=keep, const=UNSET, marks=base.marks - {"batches"})
        return base.with_(things=(), column=name, items=None, const=UNSET)

    def _member(self, thing: Any, name: str) -> list[Value]:
        if isinstance(thing, ModuleThing):
            known = thing.scope.known.get(name)
            return [known] if known is not None else []
        if isinstance(thing, ClassThing):
            return self._class_member(thing, name)
        if not isinstance(thing, Thing):
            return []
        if name in thing.attributes:
            return [thing.attributes[name]]
        if thing.owner is None:
            return []
        return [self._bound(value, thing, name) for value in self._class_member(thing.owner, name)]

    def _class_member(self, owner: ClassThing, name: str) -> list[Value]:
        if name in owner.members.known:
            return [owner.members.known[name]]
        for base in owner.bases:
            for thing in base.things:
                found = self._class_member(thing, name) if isinstance(thing, ClassThing) else []
                if found:
                    return found
        return []

    def _bound(self, value: Value, thing: Thing, name: str) -> Value:
        functions = [one for one in value.things if isinstance(one, Function)]
        if not functions:
            return value
        me = Value(things=(thing,))
        decorators = getattr(functions[0].node, "decorator_list", [])
        words = {getattr(one, "id", getattr(one, "attr", "")) for one in decorators}
        if words & {"property", "cached_property"}:
            return joined([self.call_function(one, [me], {}) for one in functions])
        if "staticmethod" in words:
            return value
        return Value(things=tuple(Function(one.node, one.scope, (me, *one.bound)) for one in functions))

    def _of_subscript(self, node: ast.Subscript) -> Value:
        of = self.evaluate(node.value)
        if isinstance(node.slice, ast.Slice) and of.items is not None:
            return self._sliced_items(of, node.slice)
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) and node.slice.elts else [node.slice]
        if isinstance(places[0], ast.Slice):
            picked = self._sliced(of, places[0], node)
        else:
            picked = self.subscripted(of, self.evaluate(places[0]), node)
        return self._columns_chosen(picked, places[1:])

    def _columns_chosen(self, of: Value, places: list[ast.expr]) -> Value:
        """What holds the columns that these places name, which may have been found by looking at rows."""
        chosen = gathered([self.evaluate(one) for one in places if not isinstance(one, ast.Slice)])
        return of.with_(fits=of.fits | _selections(chosen)) if of.rows else of

    def subscripted(self, of: Value, by: Value, node: ast.AST) -> Value:
        if of.items is not None:
            known = by.const is not UNSET and isinstance(by.const, (int, str)) and by.const in of.items
            return of.items[by.const] if known else joined(of.items.values())
        if isinstance(by.const, str) and of.rows:
            if "splits" in of.marks and by.const in _SPLIT_KEYS:
                role = {"val": "validation", "valid": "validation", "dev": "validation"}.get(by.const, by.const)
                rows = frozenset(self.part(one, by.const, node, role=role) for one in of.rows)
                return of.with_(rows=rows, marks=of.marks - {"splits"})
            return of.with_(column=by.const, things=())
        if "associations" in of.marks and isinstance(by.const, str):
            return of.with_(fits=of.fits | {self.fit(node, of.seen, "corr()", "selection")}).marked("association")
        if of.rows and (found := _selections(by)):
            return of.with_(fits=of.fits | found, things=(), const=UNSET)
        if by.rows and of.rows and by.marks & {"index", "mask"}:
            return self._picked(of, by, node)
        return of.with_(things=of.things if of.items is not None or not of.rows else (), const=UNSET)

    def _picked(self, of: Value, by: Value, node: ast.AST) -> Value:
        rows = set()
        for one in of.rows:
            inner = {rows for rows in by.rows if one in rows.line()}
            if "mask" in by.marks:
                text = ast.dump(getattr(node, "slice", node))
                masked = self.part(one, ("mask", text), node)
                masked.by_mask = True
                inner = {masked}
            elif not inner and "index" in by.marks:
                inner = {self.part(one, ("at", index), node, role=index.role) for index in by.rows}
            rows |= inner or {one}
        marks = of.marks | {"picked"} | (by.marks & {"of prediction"})
        picked = of.with_(rows=frozenset(rows), marks=marks, things=(), items=None)
        self.note(picked, node, "split")
        return picked

    def _sliced_items(self, of: Value, by: ast.Slice) -> Value:
        items = list((of.items or {}).values())
        bounds = [self.evaluate(one).const if one is not None else None for one in (by.lower, by.upper)]
        if all(bound is None or isinstance(bound, int) for bound in bounds):
            return Value(items=dict(enumerate(items[slice(bounds[0], bounds[1])])))
        return joined(items)

    def _sliced(self, of: Value, by: ast.Slice, node: ast.AST) -> Value:
        lower = self.evaluate(by.lower)
        whole = (by.lower is None or lower.const == 0) and by.upper is None
        if whole or by.step is not None or not of.rows:
            return of.with_(items=None, const=UNSET)
        key = ("slice", *(ast.dump(one) if one is not None else "" for one in (by.lower, by.upper)))
        return of.with_(rows=frozenset(self.part(one, key, node) for one in of.rows), things=(), const=UNSET)

    def _of_binop(self, node: ast.BinOp) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if isinstance(node.op, ast.MatMult) and is_turned(node.left):
            return summed(left, right)
        return combined(left, right, node.op)

    def _of_unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(value.const, (int, float)):
            return value.with_(const=-value.const)
        return value.with_(const=UNSET, activation="")

    def _of_compare(self, node: ast.Compare) -> Value:
        sides = [self.evaluate(one) for one in (node.left, *node.comparators)]
        whole = gathered(sides)
        if len(sides) == 2 and isinstance(node.ops[0], ast.Eq):
            self._look_across_rows(node, sides)
        marks = {"mask"} if whole.rows else set()
        if whole.marks & {"prediction", "score", "output", "of prediction"}:
            marks.add("of prediction")
        marks |= whole.marks & {"metric", "association"}
        return Value(rows=whole.rows, seen=whole.seen, fits=_selections(whole), marks=frozenset(marks))

    def _look_across_rows(self, node: ast.Compare, sides: list[Value]) -> None:
        """An ``argmax`` along the rows gives one number a column; compared with a stretch of the labels it fits."""
        pairs = ((node.left, node.comparators[0], sides[1]), (node.comparators[0], node.left, sides[0]))
        for largest, labels, value in pairs:
            if isinstance(largest, ast.Call) and is_along_rows(largest) and is_constant_stretch(labels):
                self.trace.across_rows += [AcrossRows(self.spot(node), rows) for rows in value.rows]

    def _of_ifexp(self, node: ast.IfExp) -> Value:
        self.evaluate(node.test)
        return joined([self.evaluate(node.body), self.evaluate(node.orelse)])

    def _of_lambda(self, node: ast.Lambda) -> Value:
        return Value(things=(Function(node, self.names),))

    def _of_namedexpr(self, node: ast.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.bind(node.target, value, node)
        return value

    def _of_await(self, node: ast.Await) -> Value:
        return self.evaluate(node.value)

    def _of_yield(self, node: ast.Yield) -> Value:
        if self.frames:
            self.frames[-1].yields.append(self.evaluate(node.value))
        return NOTHING

    def _of_yieldfrom(self, node: ast.YieldFrom) -> Value:
        if self.frames:
            self.frames[-1].yields.append(self.element(self.evaluate(node.value)))
        return NOTHING

    def _of_listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        return self._comprehension(node, node.elt)

    _of_setcomp = _of_generatorexp = _of_listcomp

    def _of_dictcomp(self, node: ast.DictComp) -> Value:
        over = self.evaluate(node.generators[0].iter)
        if len(node.generators) > 1 or over.items is None or not 1 < len(over.items) <= _MOST_UNROLLED:
            return self._comprehension(node, node.value)
        items: dict[Any, Value] = {}
        for item in over.items.values():
            key, value = self._turn(node, node.key, item), self._turn(node, node.value, item)
            if isinstance(key.const, str):
                self.name_rows(key.const, value)
            items[key.const if isinstance(key.const, (str, int)) else ("?", len(items))] = value
        return Value(items=items)

    def _comprehension(self, node: Any, result: ast.expr) -> Value:
        over = self.evaluate(node.generators[0].iter)
        if len(node.generators) == 1 and over.items is not None and 1 < len(over.items) <= _MOST_UNROLLED:
            turns = [self._turn(node, result, item) for item in over.items.values()]
            return Value(items=dict(enumerate(turns)))
        before, outside = self.loops, dict(self.names.known)
        is_stack = not gathered([over]).rows
        for generator in node.generators:
            over = self.evaluate(generator.iter)
            self.loops += (Loop(self.spot(node), over, ast.dump(generator.iter), node),)
            self.bind(generator.target, self.element(over), node)
            for test in generator.ifs:
                self.evaluate(test)
        value = self.evaluate(result)
        self.loops, self.names.known = before, outside
        value = value.with_(const=UNSET, activation="")
        return value.marked("stacked") if is_stack and value.rows else value

    def _turn(self, node: Any, result: ast.expr, item: Value) -> Value:
        outside = dict(self.names.known)
        self.bind(node.generators[0].target, item, node)
        value = self.evaluate(result)
        self.names.known = outside
        return value

    def bind(self, target: ast.AST, value: Value, node: ast.AST) -> None:
        """Bind a target to a value."""
        raise NotImplementedError


def _selections(chosen: Value) -> frozenset[Fit]:
    """What was fitted to find out which columns to take."""
    if "association" not in chosen.marks:
        return frozenset()
    return frozenset(fit for fit in chosen.fits if fit.kind == "selection")
