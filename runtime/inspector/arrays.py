"""What happens to the rows of arrays: they are split, joined, repeated, reduced, counted and chosen from.

Invariant: a statistic over rows is a fit to them; a statistic within each row is none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from . import meanings
from .estimators import Estimators
from .row_sets import over_rows, overlap
from .trace import Choice
from .values import NOTHING, UNSET, Function, Thing, Value, gathered, joined

Keywords = Mapping[str, Value]
_PREDICTED = {"prediction", "of prediction", "output", "score", "loss", "metric"}



class Arrays(Estimators):
    """Operations on arrays, tables and data sets."""

    def split_all(self, node: ast.Call, how: str, args: tuple[Value, ...]) -> Value:
        """Arrays or a data set in parts: what is kept out last."""
        parts: list[Value] = []
        lengths = node.args[1] if how == "random_split" and len(node.args) > 1 else None
        count = len(lengths.elts) if isinstance(lengths, (ast.List, ast.Tuple)) else 2
        for position, value in enumerate(args[:1] if how == "random_split" else args):
            rows = value.rows or frozenset({self.source(node, "unknown")})
            target = {"target"} if position == 1 or (value.marks & {"target"}) else set()
            if position == 1 and value.column:
                self.target_columns.add(value.column)
            for index in range(count):
                taken = frozenset(self.part(one, (node, index), node, held=index > 0) for one in rows)
                parts.append(value.with_(rows=taken, items=None, marks=value.marks | target))
        return Value(items=dict(enumerate(parts)))

    def reduced(self, node: ast.Call, how: str, of: Value, args: tuple[Value, ...], keywords: Keywords) -> Value:
        """A statistic over the rows, or one within each row."""
        if "window" in of.marks:
            return of.with_(marks=of.marks - {"window"})
        if "group" in of.marks:
            return self._group_statistic(node, of, keeps_rows=False)
        positional = args[0] if args and how not in ("quantile", "percentile", "nanpercentile") else None
        axis = next((keywords[name] for name in ("axis", "dim") if name in keywords), positional)
        if axis is not None and (not over_rows(axis) or "stacked" in of.marks):
            return of.with_(items=None, activation="", marks=of.marks - {"stacked"})
        self.trace.measured |= of.touched
        fits = of.fits
        if how in meanings.STATISTICS and of.rows and "index" not in of.marks:
            kind = "range" if how in meanings.RANGE and axis is None else "values"
            fit = self.fit(node, of.rows, f"{how}()", kind)
            fit.of_predictions = fit.of_predictions or bool(of.marks & _PREDICTED)
            fits = fits | {fit}
        return Value(seen=of.touched, fits=fits, marks=of.marks & {"metric", "loss", "batches", "mask"} | {"reduced"})

    def associated(self, node: ast.Call, how: str, given: tuple[Value, ...]) -> Value:
        """How strongly columns go with each other or with the target, told by all rows given."""
        whole = gathered(given)
        if len([one for one in given if one.rows]) == 1:
            # A matrix of all columns says nothing of the target until its row is taken.
            return Value(seen=whole.touched, fits=whole.fits, marks=frozenset({"associations"}))
        fit = self.fit(node, whole.touched, f"{how}()", "selection")
        return Value(seen=whole.touched, fits=whole.fits | {fit}, marks=frozenset({"association"}))

    def largest(self, node: ast.Call, how: str, args: tuple[Value, ...], keywords: Keywords) -> Value:
        """A choice where it is taken among measured numbers; otherwise a prediction from scores, or a plain maximum."""
        among = args[0] if len(args) == 1 or how.startswith(("arg", "idx")) else joined(args)
        key = keywords.get("key")
        told = among
        if key is not None:
            told = joined([self.called_back(key, [self.element(among)]), among.with_(rows=frozenset())])
        along = len(args) > 1 or "axis" in keywords or "dim" in keywords
        is_chosen = key is not None or not (along or how in ("max", "min", "sorted"))
        is_best = how in ("max", "min") and "collected" in told.marks
        is_chosen = is_chosen or (is_best and self._is_all_that_is_told(node))
        if told.seen and is_chosen and (not told.rows or "led" in told.marks):
            self.trace.choices.append(Choice(self.spot(node), "the best of several", told.measured, self.loops, True))
            return Value(seen=told.seen)
        if how.startswith(("arg", "idx")):
            return among.with_(items=None, activation="").marked("prediction")
        if how == "sorted" or len(args) > 1:
            return among if how == "sorted" else gathered(args).with_(counts=among.counts)
        return self.reduced(node, how, args[0], args[1:], keywords)

    def _is_all_that_is_told(self, node: ast.Call) -> bool:
        """Whether nothing of a list of numbers is read but its best: what is printed whole is there to be looked at."""
        listed, tree = node.args[0] if len(node.args) == 1 else None, self.names.file.tree
        if not isinstance(listed, ast.Name) or tree is None:
            return False
        read = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and one.id == listed.id]
        grown = [one.value for one in ast.walk(tree) if isinstance(one, ast.Attribute) and one.attr == "append"]
        return all(isinstance(one.ctx, ast.Store) or one is listed or one in grown for one in read)

    def called_back(self, function: Value, args: list[Value]) -> Value:
        """What a function that is handed over gives; a value, where it is no function of the user's."""
        results = [self.call_function(one, args, {}) for one in function.things if isinstance(one, Function)]
        return joined(results) if results else function

    def element(self, of: Value) -> Value:
        """What going over a value gives."""
        if of.items is not None:
            return joined(of.items.values()) if of.items else NOTHING
        return of.with_(const=UNSET, column="", counts=frozenset()) if of.touched or of.things else NOTHING

    def subscripted(self, of: Value, by: Value, node: ast.AST) -> Value:
        """The rows of a value that an index, mask or key picks."""
        raise NotImplementedError

    def _measured(self, values: Iterable[Value]) -> Value:
        """A metric; labels and predictions are of the same rows, so what only one of them may hold was not measured."""
        given = list(values)
        held = [value.rows for value in given[:2] if value.rows]
        seen = (frozenset.intersection(*held) if held else frozenset()) or gathered(given).touched
        self.trace.measured |= seen
        return Value(seen=seen, marks=frozenset({"metric"}))

    def _counted(self, args: tuple[Value, ...]) -> Value:
        of = args[0] if args else NOTHING
        loaders = any(isinstance(one, Thing) and one.short.endswith("DataLoader") for one in of.things)
        return Value(counts=of.rows, marks=frozenset({"batches"} if loaders else ()))

    def _row_join(self, node: ast.Call, args: tuple[Value, ...], keywords: Keywords) -> Value:
        listed = args[0] if args else keywords.get("objs", NOTHING)
        position = args[1] if len(args) > 1 else None
        axis = next((keywords[name] for name in ("axis", "dim") if name in keywords), position)
        whole = gathered((listed, *args))
        elements = list((listed.items or {}).values())
        if axis is not None and axis.const not in (0, "index"):
            return whole
        for index, one in enumerate(elements):
            shared = [rows for later in elements[index + 1 :] for rows in overlap(one.rows, later.rows)]
            if shared:
                fit = self.fit(node, frozenset(shared), "copies of rows", "copies")
                return whole.with_(fits=whole.fits | {fit})
        return whole

    def _repeated(self, node: ast.Call, how: str, of: Value, args: tuple[Value, ...], keywords: Keywords) -> Value:
        replace = keywords.get("replace")
        axis = keywords.get("axis") or keywords.get("dim") or (args[1] if len(args) > 1 else None)
        times = (args[0].items or {}).get(0, args[0]) if args else NOTHING
        is_copying = (replace is None or replace.const is True) if how == "resample" else times.const != 1
        if not of.rows or not is_copying or (axis is not None and axis.const != 0) or "index" in of.marks:
            return of.with_(items=None)
        return of.with_(items=None, fits=of.fits | {self.fit(node, of.rows, "copies of rows", "copies")})

    def _sampled(self, node: ast.Call, receiver: Value, keywords: Keywords) -> Value:
        if "replace" in keywords and keywords["replace"].const is True:
            return receiver.with_(fits=receiver.fits | {self.fit(node, receiver.rows, "copies of rows", "copies")})
        fraction = keywords.get("frac")
        if fraction is not None and fraction.const == 1:
            return receiver
        return receiver.with_(rows=frozenset(self.part(rows, (node, "sample"), node) for rows in receiver.rows))

    def _group_statistic(self, node: ast.Call, receiver: Value, *, keeps_rows: bool) -> Value:
        marks = receiver.marks - {"group"}
        fit = self.fit(node, receiver.rows, receiver.column, "group")
        if keeps_rows:
            return receiver.with_(marks=marks, fits=receiver.fits | {fit})
        return Value(seen=receiver.touched, fits=receiver.fits | {fit}, marks=marks)
