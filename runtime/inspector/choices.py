"""Where a measured number decides: a running best, a stop; and where rows are dropped by what was measured.

Invariant: looking at a number without keeping anything by it is no choice.
"""

from __future__ import annotations

import ast
import re

from .calls import Calls
from .trace import Choice, Filter
from .values import TEST, TRAIN, Value, gathered


class Choices(Calls):
    """Choices that conditions and assignments make."""

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
                        Choice(self.spot(node), "a running best", measured.measured, self.loops, True)
                    )

    def _look_for_running_best(self, target: ast.AST, expression: ast.expr, value: Value) -> None:
        if not (isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name)):
            return
        if expression.func.id not in ("max", "min") or not value.seen or value.rows:
            return
        named = ast.unparse(target)
        is_running = bool(self.loops) and any(ast.unparse(one) == named for one in expression.args)
        if is_running or (len(expression.args) == 1 and "best" in named.lower()):
            self.chosen(expression, "a running best" if is_running else "the best of several", value.measured)

    def look_for_dropped_rows(self, name: str, before: Value | None, value: Value, node: ast.AST) -> None:
        """A part that becomes smaller under its own name."""
        if before is None or len(before.rows) != 1 or len(value.rows) != 1:
            return
        (old,), (new,) = before.rows, value.rows
        if _keeps_some(node, name) and old.split.role in (TRAIN, TEST):
            self.filtered(Filter(self.spot(node), old, name, False, _is_cleaning(node)))
        if "picked" not in value.marks:
            return
        if new.parent is old and old.split.role in (TRAIN, TEST):
            by_prediction = "of prediction" in value.marks
            self.filtered(Filter(self.spot(node), old, name, by_prediction, _is_cleaning(node)))


def _keeps_some(node: ast.AST, name: str) -> bool:
    """Whether a name is bound to the elements of its own list that meet a condition."""
    given = getattr(node, "value", None)
    if not isinstance(given, ast.ListComp) or len(given.generators) != 1:
        return False
    (one,) = given.generators
    is_own = isinstance(one.iter, ast.Name) and one.iter.id == name
    return bool(is_own and one.ifs and ast.unparse(given.elt) == ast.unparse(one.target))


def _is_cleaning(node: ast.AST) -> bool:
    """Whether the words of a filter say that it takes out what is broken, doubled or unknown, or a part by place."""
    given = getattr(node, "value", node)
    by = given.slice if isinstance(given, ast.Subscript) else None
    if isinstance(by, ast.Slice) or (isinstance(by, ast.Tuple) and by.elts and isinstance(by.elts[0], ast.Slice)):
        return True
    words = {one.id for one in ast.walk(given) if isinstance(one, ast.Name)}
    words |= {one.attr for one in ast.walk(given) if isinstance(one, ast.Attribute)}
    return any(_CLEANING.search(word) for word in words)


_CLEANING = re.compile(
    r"(?i)nan$|na$|null|finite|dup|isin|uniq|known|train|fit|perm|rand|shuf|sort|order|idx|ind(ex|ices)|sampl|choice|subset"
)


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
