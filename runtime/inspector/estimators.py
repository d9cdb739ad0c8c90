"""Objects that learn from rows and are asked about others: transformers, estimators, folds, losses and layers.

Invariant: what an object learned is on the object; what it then gives carries it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from . import meanings
from .project import Project
from .state import State
from .trace import Choice
from .values import NOTHING, TEST, TRAIN, UNSET, VALIDATION, Fit, Rows, Spot, Thing, Value, constant, gathered

Keywords = Mapping[str, Value]
_STRENGTH = ("", "vocabulary", "values", "target", "selection")


class Estimators(State):
    """Methods of objects that a library made."""

    def __init__(self, project: Project, *, seconds: float) -> None:
        super().__init__(project, seconds=seconds)
        self.target_columns: set[str] = set()
        self.called_from_outside: set[ast.AST] = set()
        self._fits: dict[tuple[object, ...], Fit] = {}

    def method_of_thing(
        self, node: ast.Call, method: str, receiver: Value, thing: Thing, args: tuple[Value, ...], keywords: Keywords
    ) -> Value | None:
        """The result of an object's method; ``None`` where nothing is known about the method."""
        kind = self.kind_of(thing)
        given = args[0] if args else keywords.get("X", NOTHING)
        if thing.maker.startswith("argparse."):
            return self._parser(node, method, receiver, thing, args, keywords)
        if kind is not None and method in ("fit", "partial_fit", "fit_transform", "transform"):
            return self._transformer(node, method, receiver, thing, kind, given)
        if meanings.RESAMPLERS.match(thing.short) and method in ("fit_resample", "fit_sample"):
            fits = frozenset({self.fit(node, given.rows, thing.short, "copies")}) if given.rows else frozenset()
            made = [value.with_(fits=value.fits | fits, items=None) for value in args]
            return Value(items=dict(enumerate(made)))
        if meanings.FOLDS.match(thing.short) and method == "split":
            return self._folds(node, thing, given)
        if method == "__call__":
            return self._called(thing, args, keywords)
        if thing.maker.startswith(("sklearn.", "xgboost.", "lightgbm.", "catboost.", "keras.", "tensorflow.")):
            return self._estimator(node, method, receiver, thing, given, (*args, *keywords.values()))
        if method in ("to", "cuda", "cpu", "train", "eval", "double", "float", "half", "requires_grad_", "compile"):
            return receiver
        return None

    def kind_of(self, thing: Thing) -> str | None:
        """What fitting the object learns, through pipelines."""
        if "strategy" in thing.keywords and thing.keywords["strategy"].const == "constant":
            return ""
        if thing.maker.startswith(meanings.PIPELINES) or thing.short in meanings.COLUMN_WISE:
            given = (*thing.args, *thing.keywords.values())
            inner = [self.kind_of(one) for value in given for one in things_in(value)]
            known = [kind for kind in inner if kind is not None]
            return max(known, key=_STRENGTH.index) if known else None
        return meanings.transformer_kind(thing.maker)

    def fit(self, node: ast.AST, rows: frozenset[Rows], what: str, kind: str) -> Fit:
        """The fit that happens at this node to these rows."""
        known = self._fits.get((node, rows, kind))
        if known is None:
            known = self._fits[node, rows, kind] = Fit(self.spot(node), rows, what, kind)
        return known

    def cross_validated(self, node: ast.AST, value: Value) -> None:
        """Rows that folds are made of, and that something was fitted on as a whole."""
        for rows in value.rows:
            if TRAIN in (rows.split.role, *rows.split.also) or rows.split.by_splitter:
                continue  # an outer split keeps the rows for the final report out of it
            for fit in value.fits:
                if any(one in fit.rows for one in rows.line()):
                    self.leak(fit, rows, node, "cross-validation")

    def _transformer(
        self, node: ast.Call, method: str, receiver: Value, thing: Thing, kind: str, given: Value
    ) -> Value:
        if method != "transform" and kind and given.rows:
            self._refit(node, thing, given)
            fit = self.fit(node, given.rows, thing.short, kind)
            thing.fits = [*thing.fits, fit] if method == "partial_fit" else [fit]
        if method in ("fit", "partial_fit"):
            return receiver
        return given.with_(fits=given.fits | set(thing.fits), items=None, activation="", const=UNSET)

    def _refit(self, node: ast.Call, thing: Thing, given: Value) -> None:
        """The same object fitted to the training rows, and then once more to test rows."""
        earlier = [fit for fit in thing.fits if fit.rows and all(rows.split.role == TRAIN for rows in fit.rows)]
        if earlier and all(rows.split.role == TEST for rows in given.rows):
            for rows in given.rows:
                self.leak(self.fit(node, given.rows, thing.short, "values"), rows.split, node, "refit")

    def _folds(self, node: ast.Call, thing: Thing, given: Value) -> Value:
        splits = thing.keywords.get("n_splits") or (thing.args[0] if thing.args else NOTHING)
        # Folds choose among settings, whatever their names: that is what they are for. A single split is none.
        roles = ("", "") if splits.const == 1 else (TRAIN, VALIDATION)
        train, held = (
            Value(
                rows=frozenset(
                    self.part(rows, (node, held), node, held=held, role=roles[held])
                    for rows in given.rows | given.counts
                ),
                marks=frozenset({"index"}),
            )
            for held in (False, True)
        )
        return Value(items={0: Value(items={0: train, 1: held})})

    def _estimator(
        self, node: ast.Call, method: str, receiver: Value, thing: Thing, given: Value, everything: Iterable[Value]
    ) -> Value | None:
        if method == "fit":
            self._note_target(list(everything))
            if thing.short in meanings.SEARCHES:
                self.cross_validated(node, given)
            return receiver
        if method in ("score", "evaluate"):
            seen = gathered(everything).touched
            self.trace.measured |= seen
            return Value(seen=seen, marks=frozenset({"metric"}))
        if method in ("predict", "predict_classes", "fit_predict"):
            return given.with_(marks=frozenset({"prediction", *self._hard(thing)}), column="", items=None, const=UNSET)
        if method in ("predict_proba", "decision_function", "predict_log_proba"):
            return given.with_(marks=frozenset({"score"}), column="", items=None, const=UNSET)
        return None

    def _note_target(self, given: list[Value]) -> None:
        """The column that an estimator is fitted to."""
        if len(given) > 1 and given[1].column and given[1].rows:
            self.target_columns.add(given[1].column)

    def _hard(self, thing: Thing) -> tuple[str, ...]:
        """A classifier's predictions are classes, not scores."""
        inner = [one for value in (*thing.args, *thing.keywords.values()) for one in things_in(value)]
        classes = ("Classifier", "LogisticRegression", "SVC", "NB", "ClassifierCV", "LogisticRegressionCV")
        return ("hard",) if any(one.short.endswith(classes) for one in (thing, *inner)) else ()

    def _called(self, thing: Thing, args: tuple[Value, ...], keywords: Keywords) -> Value | None:
        whole = gathered((*args, *keywords.values()))
        if thing.short.endswith("Loss"):
            return Value(seen=whole.touched, fits=whole.fits, marks=frozenset({"loss"}))
        if not thing.maker.startswith("torch.nn."):
            return None
        if thing.short in meanings.CHANGE_NOTHING and args:
            return args[0].with_(items=None)
        activation = meanings.ACTIVATIONS.get(thing.short, "")
        if thing.short == "Sequential":
            activation = last_activation(thing)
        return whole.with_(activation=activation, marks=whole.marks | {"output"})

    def _parser(
        self, node: ast.Call, method: str, receiver: Value, thing: Thing, args: tuple[Value, ...], keywords: Keywords
    ) -> Value:
        if method == "add_argument":
            names = [value.const for value in args if isinstance(value.const, str)]
            long = next((name for name in names if name.startswith("--")), names[0] if names else "")
            dest = keywords["dest"].const if "dest" in keywords else long.lstrip("-").replace("-", "_")
            default = keywords.get("default")
            if default is None:
                is_flag = "action" in keywords and keywords["action"].const == "store_true"
                default = constant(False if is_flag else None)
            thing.attributes[str(dest)] = argument(default, self.spot(node), str(dest))
            return NOTHING
        if method in ("parse_args", "parse_known_args"):
            result = Value(things=(Thing("argparse.Namespace", self.spot(node), attributes=thing.attributes),))
            return result if method == "parse_args" else Value(items={0: result, 1: NOTHING})
        return receiver if method.startswith(("add_argument_group", "add_mutually", "add_subparsers")) else NOTHING

    def chosen(self, node: ast.AST, what: str, measured: frozenset[Rows]) -> None:
        """Record a choice that is made here."""
        self.trace.choices.append(Choice(self.spot(node), what, measured, self.loops, True))


def argument(default: Value, spot: Spot, dest: str) -> Value:
    """The value of a command line argument that is not given."""
    return Value(const=default.const, origin="argparse default", source=spot, column=dest)


def things_in(value: Value, depth: int = 4) -> list[Thing]:
    """Every known object in a value and its elements."""
    found = [one for one in value.things if isinstance(one, Thing)]
    if depth and value.items:
        found += [one for item in value.items.values() for one in things_in(item, depth - 1)]
    return found


def last_activation(thing: Thing) -> str:
    """What a sequence of layers surely ends with."""
    given = thing.args
    if len(given) == 1 and given[0].items is not None:
        given = tuple(given[0].items.values())
    for value in reversed(given):
        layers = [one for one in value.things if isinstance(one, Thing)]
        if len(layers) != 1:
            return value.activation
        if layers[0].short == "Sequential":
            return last_activation(layers[0])
        if layers[0].short not in meanings.CHANGE_NOTHING:
            return meanings.ACTIVATIONS.get(layers[0].short, "")
    return ""
