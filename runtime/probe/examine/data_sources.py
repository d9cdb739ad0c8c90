"""Where raw rows come from: the functions that load or make a data set, told as they return for the first time."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from ..after_import import AfterImport

READERS = {
    "numpy": ("load", "loadtxt", "genfromtxt"),
    "pandas": ("read_csv", "read_parquet", "read_feather", "read_pickle", "read_json", "read_table"),
}

FEWEST_ROWS, FEWEST_COLUMNS = 60, 3
"""A smaller table that the script makes holds its results, not its data."""


class DataSources:
    """Hands the result of every outermost source to ``arrived``, which may give another in its place.

    A table that a line of the user's makes of its own numbers is a source too.
    """

    def __init__(
        self, is_here: Callable[[], bool], is_users: Callable[[str], bool], arrived: Callable[[str, Any], Any]
    ) -> None:
        self._is_here = is_here
        self._is_users = is_users
        self._arrived = arrived
        self._depth = 0

    def install(self, waiting: AfterImport) -> None:
        """Wait for the libraries that have sources."""
        for name, functions in READERS.items():
            waiting.call(name, functools.partial(self._wrap_all, functions))
        waiting.call("pandas", self._tables)
        waiting.call("sklearn.datasets", lambda module: self._wrap_all(_loaders(module), module))

    def _tables(self, module: Any) -> None:
        original = module.DataFrame.__init__

        @functools.wraps(original)
        def make(frame: Any, *args: Any, **kwargs: Any) -> None:
            original(frame, *args, **kwargs)
            caller = sys._getframe(1).f_code.co_filename
            if type(frame) is not module.DataFrame or self._depth or not self._is_users(caller) or not self._is_here():
                return
            if len(frame) >= FEWEST_ROWS and frame.shape[1] >= FEWEST_COLUMNS:
                given = self._arrived("pandas.DataFrame", frame)
                if given is not frame:
                    original(frame, given)

        module.DataFrame.__init__ = make

    def _wrap_all(self, names: Any, module: Any) -> None:
        for name in names:
            original = getattr(module, name, None)
            if callable(original):
                setattr(module, name, self._wrapped(f"{module.__name__}.{name}", original))

    def _wrapped(self, name: str, original: Any) -> Any:
        @functools.wraps(original)
        def source(*args: Any, **kwargs: Any) -> Any:
            if self._depth or not self._is_here():
                return original(*args, **kwargs)
            self._depth += 1
            try:
                result = original(*args, **kwargs)
            finally:
                self._depth -= 1
            return self._arrived(name, result)

        return source


def _loaders(module: Any) -> list[str]:
    return [name for name in dir(module) if name.startswith(("load_", "fetch_", "make_"))]
