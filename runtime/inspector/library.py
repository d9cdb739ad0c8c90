"""Looks names up in the installed libraries by importing them.

Invariant: only installed libraries and the standard library are imported; a name of the user's own is refused, also
when a library asks for it. Lives in a forked child, because an import may crash, hang or print.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .places import LOCAL, Places
from .scopes import Binder

FOUND = "found"
ABSENT = "absent"
COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True)
class Looked:
    """What looking a dotted name up gave."""

    answer: str
    value: object = None
    owner: str = ""
    """The module that lacks the name, or the module that does not exist."""
    name: str = ""
    similar: tuple[str, ...] = ()
    why: str = ""


class RefuseLocal:
    """An import finder that comes first and refuses the user's own modules."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raise for a module of the user's; otherwise leave the search to the others."""
        top = name.partition(".")[0]
        if self._places.find(top).kind == LOCAL:
            raise ImportError(f"{name} is the user's own code, which is not executed here", name=name)


class Library:
    """The installed libraries; ``announce`` is told the name of each module before it is imported."""

    def __init__(self, places: Places, announce: Callable[[str], None], *, failed: dict[str, str]) -> None:
        self._announce = announce
        self._failed = dict(failed)
        # Folders of the user's go: a library that imports `random` must not meet the user's random.py.
        sys.path[:] = [entry for entry in sys.path if entry and places.kind_of_path(entry) != LOCAL]
        sys.meta_path.insert(0, RefuseLocal(places))

    def module(self, name: str) -> Looked:
        """Import a module."""
        if name in self._failed:
            return Looked(COULD_NOT_TELL, why=self._failed[name])
        if name not in sys.modules:
            self._announce(name)
        try:
            return Looked(FOUND, importlib.import_module(name))
        except ModuleNotFoundError as error:
            if error.name and (name == error.name or name.startswith(error.name + ".")):
                return self._absent_module(error.name)
            return self._fail(name, error)
        except BaseException as error:  # noqa: BLE001  boundary: a foreign module may raise anything, SystemExit too
            return self._fail(name, error)

    def follow(self, dotted: str) -> Looked:
        """Follow a dotted name from its top module through modules and classes."""
        top, *parts = dotted.split(".")
        looked = self.module(top)
        for part in parts:
            if looked.answer != FOUND:
                return looked
            looked = self.member(looked.value, part)
        return looked

    def member(self, owner: Any, part: str) -> Looked:
        """What ``owner.part`` is, where the owner is a module or a class."""
        if not isinstance(owner, (types.ModuleType, type)):
            return Looked(COULD_NOT_TELL, why=f"{part} belongs to an object made at run time")
        try:
            return Looked(FOUND, getattr(owner, part))
        except AttributeError:
            pass
        except BaseException as error:  # noqa: BLE001  boundary: a lazy attribute may import anything
            return Looked(COULD_NOT_TELL, why=f"{part}: {describe(error)}")
        if isinstance(owner, type):
            return Looked(COULD_NOT_TELL, why=f"{part} may exist on instances")
        return self._submodule(owner, part)

    def _submodule(self, owner: types.ModuleType, part: str) -> Looked:
        name = f"{owner.__name__}.{part}"
        try:
            exists = name in sys.modules or (hasattr(owner, "__path__") and importlib.util.find_spec(name) is not None)
        except (ImportError, ValueError, AttributeError):
            exists = False
        if exists:
            return self.module(name)
        if part.startswith("_") or "._" in f".{owner.__name__}":
            return Looked(COULD_NOT_TELL, why="private names differ between builds")
        if self._failed:
            return Looked(COULD_NOT_TELL, why="a library that could not be imported may add it")
        if not hasattr(owner, "__getattr__") and _may_define(owner, part):
            return Looked(COULD_NOT_TELL, why="its module defines it under a condition")
        return Looked(ABSENT, owner=owner.__name__, name=part, similar=similar_names(part, dir(owner)))

    def _absent_module(self, name: str) -> Looked:
        parent, _, last = name.rpartition(".")
        siblings: Iterable[str] = ()
        if parent and parent in sys.modules:
            import pkgutil

            siblings = (module.name for module in pkgutil.iter_modules(getattr(sys.modules[parent], "__path__", None)))
        return Looked(ABSENT, owner=parent, name=last, similar=similar_names(last, siblings))

    def _fail(self, name: str, error: BaseException) -> Looked:
        self._failed[name] = f"importing {name} fails: {describe(error)}"
        return Looked(COULD_NOT_TELL, why=self._failed[name])


def _may_define(owner: types.ModuleType, name: str) -> bool:
    """Whether the module's source binds the name somewhere: then it depends on what else is installed."""
    path = getattr(owner, "__file__", None) or ""
    if not path.endswith(".py"):
        return False
    try:
        tree = ast.parse(Path(path).read_bytes())
        return name in Binder(tree, "").scopes[tree].bindings
    except (OSError, SyntaxError, ValueError, RecursionError):
        return True


def similar_names(name: str, among: Iterable[str]) -> tuple[str, ...]:
    """Names that a person may have meant, the likeliest first."""
    candidates = sorted({one for one in among if not one.startswith("_") and one != name})
    lower = {one.lower(): one for one in reversed(candidates)}
    if name.lower() in lower:
        return (lower[name.lower()],)
    return tuple(difflib.get_close_matches(name, candidates, n=3, cutoff=0.75))


def describe(error: BaseException) -> str:
    """An error's type and its first line, of bounded length."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
