"""Where the examination listens in scikit-learn: estimators' methods, splits, searches and metrics.

Every class that derives from ``BaseEstimator`` passes here as it is made, other libraries' and the script's own too.
Invariant: a wrapper returns what the wrapped function returns and draws nothing; what estimators and searches call
inside themselves is not told, only the outermost call.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..after_import import AfterImport
from .fold_events import FoldEvents

FITS = ("fit", "fit_transform", "fit_predict", "partial_fit")
USES = ("predict", "predict_proba", "decision_function", "score", "transform")
SEARCHES = ("cross_val_score", "cross_validate", "cross_val_predict")
METRICS = (
    "accuracy_score", "average_precision_score", "balanced_accuracy_score", "classification_report",
    "cohen_kappa_score", "confusion_matrix", "f1_score", "fbeta_score", "jaccard_score", "log_loss",
    "matthews_corrcoef", "mean_absolute_error", "mean_squared_error", "precision_score", "r2_score", "recall_score",
    "roc_auc_score", "root_mean_squared_error",
)  # fmt: skip


@dataclass(eq=False)
class Used:
    """One outermost call of an estimator's method, a search, a split or a metric."""

    kind: str
    """``estimator``, ``search``, ``split`` or ``metric``."""
    name: str
    """The method or the function."""
    owner: Any
    """The estimator, where there is one."""
    data: Any
    labels: Any
    arguments: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    indices: list[Any] | None = None
    """Of a split: which rows of what was split each of its parts got."""


class EstimatorEvents:
    """Tells what scikit-learn's outermost calls were given, before and after."""

    def __init__(self, is_here: Callable[[], bool], tell: Callable[[str, Used], None]) -> None:
        self._is_here = is_here
        self._tell = tell
        self._depth = 0
        self._watched: set[Any] = set()
        self._outermost: Used | None = None
        self._folds = FoldEvents(self._hears_folds, self._fold)
        self.replay: Callable[[], list[Any] | None] = lambda: None
        """The row indices that the next split has to make; ``None`` to let it draw them."""

    def install(self, waiting: AfterImport) -> None:
        """Wait for scikit-learn."""
        waiting.call("sklearn.base", self._estimators)
        waiting.call("sklearn.metrics", lambda module: self._functions(module, METRICS, "metric"))
        waiting.call("sklearn.model_selection", self._model_selection)

    # -- estimators --------------------------------------------------------------------------------------------------

    def _estimators(self, module: Any) -> None:
        base, events = module.BaseEstimator, self

        def __init_subclass__(cls: Any, **kwargs: Any) -> None:
            super(base, cls).__init_subclass__(**kwargs)
            events._watch(cls)

        base.__init_subclass__ = classmethod(__init_subclass__)  # type: ignore[arg-type]

    def _watch(self, kind: Any) -> None:
        """Watch a class, and what it inherits from classes that are no estimators themselves."""
        for one in kind.__mro__:
            if one is not object and one not in self._watched:
                self._watched.add(one)
                self._watch_one(one)

    def _watch_one(self, kind: Any) -> None:
        for name in (*FITS, *USES):
            found = vars(kind).get(name)
            if inspect.isfunction(found):
                setattr(kind, name, self._watched_method(name, found))
            elif inspect.isfunction(getattr(found, "fn", None)):
                found.fn = self._watched_method(name, found.fn)  # there only where the inner estimator has it

    def _watched_method(self, name: str, original: Any) -> Any:
        @functools.wraps(original)
        def watched(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            if self._depth:
                return original(estimator, *args, **kwargs)
            return self._use(name, original, estimator, args, kwargs)

        return watched

    def __reduce__(self) -> Any:
        """A worker process that is sent a watched class calls what it wraps, and no more."""
        return types.SimpleNamespace, (), {"_depth": 1}

    def _use(self, name: str, original: Any, estimator: Any, args: Any, kwargs: Any) -> Any:
        if not self._is_here():
            return original(estimator, *args, **kwargs)
        data = args[0] if args else next(iter(kwargs.values()), None)
        labels = args[1] if len(args) > 1 else kwargs.get("y")
        used = Used("estimator", name, estimator, kwargs.get("X", data), labels)
        return self._call(used, lambda: original(estimator, *args, **kwargs))

    def _call(self, used: Used, original: Callable[[], Any]) -> Any:
        self._tell("before", used)
        self._depth += 1
        self._outermost = used
        try:
            used.result = original()
        finally:
            self._depth -= 1
        self._tell("after", used)
        return used.result

    # -- functions ---------------------------------------------------------------------------------------------------

    def _model_selection(self, module: Any) -> None:
        self._functions(module, SEARCHES, "search")
        self._folds.install(module)
        self._replace(module, "train_test_split", self._watched_split)

    def _functions(self, module: Any, names: tuple[str, ...], kind: str) -> None:
        for name in names:
            self._replace(module, name, functools.partial(self._watched_function, kind, name))

    def _replace(self, module: Any, name: str, watch: Callable[[Any], Any]) -> None:
        original = getattr(module, name, None)
        if original is None:
            return
        watched = watch(original)
        setattr(module, name, watched)
        home = inspect.getmodule(original)
        if getattr(home, name, None) is original:
            setattr(home, name, watched)  # worker processes look functions up by name

    def _watched_function(self, kind: str, name: str, original: Any) -> Any:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self._depth or not self._is_here():
                return original(*args, **kwargs)
            try:
                given = dict(signature.bind(*args, **kwargs).arguments)
            except TypeError:
                return original(*args, **kwargs)
            first, second = ("y_true", "y_pred") if kind == "metric" else ("X", "y")
            labels = given.get(second, given.get("y_score", given.get("y_proba")))
            used = Used(kind, name, given.get("estimator"), given.get(first), labels, given)
            return self._call(used, lambda: original(*args, **kwargs))

        return watched

    def _watched_split(self, original: Any) -> Any:
        @functools.wraps(original)
        def train_test_split(*arrays: Any, **options: Any) -> Any:
            if self._depth or not self._is_here() or not arrays:
                return original(*arrays, **options)
            return self._split(original, arrays, options)

        return train_test_split

    def _split(self, original: Any, arrays: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Split the row numbers along with the rows: the draw is the same, as it depends on their number alone."""
        import numpy as np

        count = getattr(arrays[0], "shape", (None,))[0] or len(arrays[0])
        again = self.replay()
        if again is not None and max(max(part, default=0) for part in again) < count:
            from sklearn.utils import _safe_indexing, indexable  # type: ignore[import-untyped]

            pieces = indexable(*arrays)
            return [_safe_indexing(one, part) for one in pieces for part in again]
        used = Used("split", "train_test_split", None, arrays[0], arrays[1] if len(arrays) > 1 else None)
        result = self._call(used, lambda: original(*arrays, np.arange(count), **options))
        used.indices = [np.asarray(part) for part in result[-2:]]
        used.result = result[:-2]
        used.arguments = {"arrays": arrays, "options": options}
        self._tell("split", used)
        return used.result

    def _hears_folds(self) -> bool:
        """Whether folds are the script's own, or those of a search that it started."""
        outer = self._outermost if self._depth else None
        searches = outer is None or outer.kind == "search" or type(outer.owner).__name__.endswith("SearchCV")
        return self._is_here() and searches

    def _fold(self, splitter: Any, data: Any, train: Any, evaluated: Any) -> None:
        self._tell("fold", Used("split", type(splitter).__name__, None, data, None, indices=[train, evaluated]))
