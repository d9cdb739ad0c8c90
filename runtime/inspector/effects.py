"""What a call of a library does to what is known: rows come in, are worked on, fitted to and measured.

Invariant: an effect that is not known leaves the rows and fits of all arguments in the result.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from . import meanings
from .arithmetic import is_turned, summed
from .arrays import Arrays
from .row_sets import positions, whole_rows
from .values import NOTHING, UNSET, Function, Thing, Value, constant, gathered, joined

Keywords = Mapping[str, Value]



class Effects(Arrays):
    """The effects of library functions by their dotted names, and of methods by the value that they are called on."""

    def library_function(self, node: ast.Call, name: str, args: tuple[Value, ...], keywords: Keywords) -> Value:
        """The result of calling a library's function or class."""
        last = name.rpartition(".")[2]
        everything = (*args, *keywords.values())
        self._escape(name, everything)
        if last in meanings.SPLITS_ALL:
            return self.split_all(node, last, args)
        if last in meanings.CROSS_VALIDATORS:
            self.cross_validated(node, args[1] if len(args) > 1 else keywords.get("X", NOTHING))
            return Value(seen=gathered(everything).touched)
        if meanings.is_metric(name) and last[0].islower():
            return self._measured(everything)
        if name == "builtins.len":
            return self._counted(args)
        if last in meanings.INDEXING and any(value.counts for value in args):
            return positions(args)
        if last in ("dot", "matmul", "mm") and len(args) == 2 and is_turned(node.args[0]):
            return summed(*args)
        if last in meanings.DRAWS and not whole_rows(args):
            return self._drawn(node)
        if last in meanings.ROW_JOINS:
            return self._row_join(node, args, keywords)
        if last in meanings.REPEATS or (last == "resample" and name.startswith("sklearn.")):
            return self._repeated(node, last, args[0] if args else NOTHING, args[1:], keywords)
        if last in ("argmax", "argmin", "max", "min", "sorted") and args:
            return self.largest(node, last, args, keywords)
        if last in meanings.ASSOCIATIONS and gathered(everything).rows:
            return self.associated(node, last, everything)
        if last in meanings.REDUCTIONS and args:
            return self.reduced(node, last, args[0], args[1:], keywords)
        if last == "ModuleList" and args:
            return args[0]
        if last == "Subset" and len(args) == 2:
            return self.subscripted(args[0], args[1], node).with_(items=None)
        if meanings.is_source(name) and not gathered(everything).rows:
            return self._source(node, name, args, keywords)
        return self._row_by_row(node, name, last, args, keywords)

    def method_of_value(
        self, node: ast.Call, method: str, receiver: Value, args: tuple[Value, ...], keywords: Keywords
    ) -> Value:
        """The result of a method of a value that is no object known by its maker."""
        everything = (receiver, *args, *keywords.values())
        if method == "train_test_split":
            parts = self.split_all(node, method, (receiver,))
            return parts.with_(items={"train": (parts.items or {})[0], "test": (parts.items or {})[1]})
        if method in meanings.INDEXING and any(value.counts for value in args):
            return positions(args)
        held = node.func.value if isinstance(node.func, ast.Attribute) else node
        if method in ("dot", "matmul", "mm") and args and is_turned(held):
            return summed(receiver, args[0])
        if method in meanings.DRAWS and not whole_rows(args):
            return self._drawn(node)
        if method in meanings.COUNTING:
            return Value(counts=receiver.rows)
        if method in meanings.WINDOWS:
            return receiver.marked("group" if method == "groupby" else "window")
        if method == "sample":
            return self._sampled(node, receiver, keywords)
        if method == "drop" and args and "index" in args[0].marks and args[0].rows - receiver.rows:
            key = ("without", ast.dump(node.args[0]))
            return receiver.with_(rows=frozenset(self.part(rows, key, node) for rows in receiver.rows))
        if method in ("repeat", "repeat_interleave"):
            return self._repeated(node, method, receiver, args, keywords)
        if method in ("argmax", "argmin", "idxmax", "idxmin"):
            return self.largest(node, method, (receiver, *args), keywords)
        if method in meanings.ASSOCIATIONS and gathered(everything).rows:
            return self.associated(node, method, everything)
        if method in meanings.REDUCTIONS and receiver.touched:
            return self.reduced(node, method, receiver, args, keywords)
        if "group" in receiver.marks and method in ("transform", "agg", "aggregate", "apply"):
            return self._group_statistic(node, receiver, keeps_rows=method == "transform")
        if meanings.NOISE.match(method) and not receiver.rows:
            return Value(rows=frozenset({self.source(node, "noise", is_noise=True)}))
        if method in meanings.SAME_VALUES:
            return receiver
        if method in meanings.ACTIVATIONS:
            return gathered(everything).with_(activation=meanings.ACTIVATIONS[method])
        if method == "log" and receiver.activation == "softmax":
            return receiver.with_(activation="log_softmax")
        if method in ("items", "values", "keys", "get", "pop", "copy"):
            return self._of_mapping(method, receiver, args)
        return gathered(everything).with_(column=receiver.column)

    def _drawn(self, node: ast.Call) -> Value:
        """The numbers of some rows in a drawn order; whose rows, the code does not say."""
        rows = self.source(node, "drawn order", is_noise=True)
        return Value(rows=frozenset({rows}), marks=frozenset({"index"}))

    def _of_mapping(self, method: str, receiver: Value, args: tuple[Value, ...]) -> Value:
        items = receiver.items
        if items is None:
            return receiver
        if method == "items":
            pairs = [Value(items={0: constant(key), 1: value}) for key, value in items.items()]
            return Value(items=dict(enumerate(pairs)))
        if method == "values":
            return Value(items=dict(enumerate(items.values())))
        if method in ("get", "pop") and args and args[0].const is not UNSET and args[0].const in items:
            return items[args[0].const]
        return joined(items.values()) if method in ("get", "pop") else receiver

    def _source(self, node: ast.Call, name: str, args: tuple[Value, ...], keywords: Keywords) -> Value:
        given = [*(("", value) for value in args), *keywords.items()]
        key = tuple((word, repr(value.const)) for word, value in given if value.const is not UNSET)
        key += tuple(self._texts_in(node))
        is_noise = meanings.NOISE.match(name.rpartition(".")[2]) is not None
        rows = self.source(node, (name, key, len(self.loops)), is_noise=is_noise)
        marks = frozenset({"splits"} if name.endswith("load_dataset") else ())
        things = (self._thing(node, name, args, keywords),) if name.startswith(meanings.DATASET_HOMES) else ()
        return Value(rows=frozenset({rows}), marks=marks, things=things)

    def _texts_in(self, node: ast.Call) -> Iterable[tuple[str, str]]:
        """Known texts that the arguments are made of, such as the split's name in a path."""
        for known in self.names.known.values() if self.frames else ():
            if isinstance(known.const, str):
                yield "", known.const  # a function that loads is told by its arguments what it loads
        for one in ast.walk(node):
            value = self.names.get(one.id) if isinstance(one, ast.Name) else None
            if value is not None and isinstance(value.const, str):
                yield "", value.const

    def _row_by_row(
        self, node: ast.Call, name: str, last: str, args: tuple[Value, ...], keywords: Keywords
    ) -> Value:
        everything = (*args, *keywords.values())
        if last in meanings.SAME_VALUES and args:
            return args[0]
        if last in ("stack", "dstack") and whole_rows(args):
            return gathered(args).marked("stacked")
        if name.startswith(("builtins.", "tqdm")):
            return self._builtin(last, args, keywords)
        if last == "log" and args and args[0].activation == "softmax":
            return args[0].with_(activation="log_softmax")
        whole = gathered(everything)
        if last in meanings.ACTIVATIONS and last[0].islower():
            return whole.with_(activation=meanings.ACTIVATIONS[last])
        if name.startswith("torch.nn.functional.") and (last.endswith("loss") or "entropy" in last):
            return Value(seen=whole.touched, fits=whole.fits, marks=frozenset({"loss"}))
        if last[:1].isupper() or last.startswith(("get_", "create_", "make_", "early_stopping")):
            return whole.with_(things=(self._thing(node, name, args, keywords),))
        return whole.with_(things=args[0].things if args and last in ("compile", "prepare", "deepcopy") else ())

    def _builtin(self, last: str, args: tuple[Value, ...], keywords: Keywords) -> Value:
        if last in ("enumerate", "zip") and args:
            elements = [self.element(value) for value in args]
            if last == "enumerate":
                elements.insert(0, NOTHING)
            return Value(items={0: Value(items=dict(enumerate(elements)))})
        if last in ("map", "filter") and len(args) > 1:
            if last == "map" and len(args) == 2 and args[1].items is not None:
                each = {key: self._mapped(args[0], value) for key, value in args[1].items.items()}
                return Value(items=each)
            given = [self.element(value) for value in args[1:]]
            result = self.called_back(args[0], given)
            return joined(given) if last == "filter" else result
        if last in ("list", "tuple", "reversed", "iter", "set", "tqdm", "trange", "next", "sorted", "dict") and args:
            return self.element(args[0]) if last == "next" else args[0]
        if last == "dict":
            items: dict[Any, Value] = dict(keywords)
            return Value(items=items)
        if last == "range":
            return Value(marks=gathered(args).marks & {"batches"}, source=args[-1].source if args else None)
        whole = gathered(args)
        const = args[0].const if last in ("int", "float", "str") and args and args[0].const is UNSET else UNSET
        counts = frozenset().union(*(value.counts for value in args)) if args else frozenset()
        return whole.with_(counts=counts, const=const)

    def _mapped(self, function: Value, value: Value) -> Value:
        """One element under ``map``; a library's function is taken to work row by row."""
        results = [self.call_function(one, [value], {}) for one in function.things if isinstance(one, Function)]
        return joined(results) if results else value

    def _thing(self, node: ast.Call, name: str, args: tuple[Value, ...], keywords: Keywords) -> Thing:
        return Thing(name, self.spot(node), args, dict(keywords))

    def _escape(self, name: str, values: Iterable[Value]) -> None:
        """Objects that a library got which may do anything to them, and functions that it may call."""
        is_harmless = name.partition(".")[0] in meanings.HARMLESS_HOMES
        if is_harmless and name.rpartition(".")[2] not in meanings.STARTERS:
            return
        for value in values:
            for one in (value, *(value.items or {}).values()):
                for thing in one.things:
                    if isinstance(thing, Thing):
                        thing.escaped |= set() if is_harmless else {name}
                    elif isinstance(thing, Function) and thing.node not in self.called_from_outside:
                        self.called_from_outside.add(thing.node)
                        self.call_function(thing, [], {})
