"""Where the examination listens to scikit-learn's splitters: each fold that one gives, with the rows it was cut from.

Invariant: the folds are those that the splitter makes, drawn when they would be; the folds that an estimator makes
inside its own ``fit`` are its own affair and are not told, those of a search and of ``cross_val_score`` are.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any


class FoldEvents:
    """Tells ``(splitter, data, train, evaluated)`` for every fold that is taken."""

    def __init__(self, listens: Callable[[], bool], tell: Callable[[Any, Any, Any, Any], None]) -> None:
        self._listens = listens
        self._tell = tell
        self._inside = False
        self._watched: set[Any] = set()

    def install(self, module: Any) -> None:
        """Watch every splitter of ``sklearn.model_selection``, and what each inherits."""
        for kind in list(vars(module).values()):
            if inspect.isclass(kind) and hasattr(kind, "split") and hasattr(kind, "get_n_splits"):
                for one in kind.__mro__:
                    found = vars(one).get("split")
                    if inspect.isfunction(found) and one not in self._watched:
                        self._watched.add(one)
                        setattr(one, "split", self._watched_split(found))  # noqa: B010  a class of a foreign library

    def __reduce__(self) -> Any:
        """A worker process that is sent a watched splitter hears nothing."""
        return _deaf, ()

    def _watched_split(self, original: Any) -> Any:
        @functools.wraps(original)
        def split(splitter: Any, *args: Any, **kwargs: Any) -> Any:
            if self._inside or not self._listens():
                return original(splitter, *args, **kwargs)
            data = args[0] if args else kwargs.get("X")
            return self._told(splitter, data, self._quietly(lambda: original(splitter, *args, **kwargs)))

        return split

    def _told(self, splitter: Any, data: Any, folds: Any) -> Iterator[Any]:
        folds = iter(folds)
        while True:
            fold = self._quietly(lambda: next(folds, None))
            if fold is None:
                return
            if self._listens():
                self._tell(splitter, data, *fold)
            yield fold

    def _quietly(self, action: Callable[[], Any]) -> Any:
        """What a splitter calls of the splitters it is made of is no split of its own."""
        self._inside = True
        try:
            return action()
        finally:
            self._inside = False


def _deaf() -> FoldEvents:
    return FoldEvents(lambda: False, lambda *_: None)
