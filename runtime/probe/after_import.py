"""Calls back right after a module was imported, and only if it is: the probe imports nothing early.

Importing torch before the script does would miss what the script sets first (``OMP_NUM_THREADS``,
``CUDA_VISIBLE_DEVICES``).
"""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class AfterImport:
    """A meta path finder that finds nothing itself: it adds a call to the end of a module's execution."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Callable[[ModuleType], None]]] = {}

    def call(self, name: str, action: Callable[[ModuleType], None]) -> None:
        """Call ``action`` with the module ``name`` once it has been imported."""
        if name in sys.modules:
            action(sys.modules[name])
        else:
            self._waiting.setdefault(name, []).append(action)

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        """The ordinary spec, with the call added; ``None`` for every other module."""
        if name not in self._waiting:
            return None
        spec = self._find(name, path, target)
        loader: Any = spec.loader if spec is not None else None
        if loader is None or not hasattr(loader, "exec_module"):
            return spec
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            # Not before: a library may ask whether a module is there and import it later, or never.
            for action in self._waiting.pop(name, ()):
                action(module)

        loader.exec_module = exec_module
        return spec

    def _find(self, name: str, path: Any, target: ModuleType | None) -> importlib.machinery.ModuleSpec | None:
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: importlib.machinery.ModuleSpec | None = None
            if find is not None and finder is not self:
                spec = find(name, path, target)
            if spec is not None:
                return spec
        return None


def install() -> AfterImport:
    """Put a finder in front of all others."""
    finder = AfterImport()
    sys.meta_path.insert(0, finder)
    return finder
