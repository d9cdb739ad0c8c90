"""What an assignment changes: names, attributes of objects, elements of containers.

Invariant: every value that gets a name is looked at for rows that it should not depend on.
"""

from __future__ import annotations

import ast
import re

from .arithmetic import combined
from .choices import Choices
from .values import UNSET, Thing, Value, gathered, joined

_TARGET_NAME = re.compile(r"^(y|ys|target|targets|labels?)(_|$)", re.IGNORECASE)



class Bindings(Choices):
    """Assignments."""

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
