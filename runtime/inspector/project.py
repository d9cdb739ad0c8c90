"""The user's own files that a run may load, read and understood but never executed.

Invariant: a file is in the project if an import statement can lead to it from the script; how surely is worked out
afterwards.
"""

from __future__ import annotations

import ast
import warnings
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .context import NEVER, PERHAPS, SURELY, WHEN_CALLED, Context
from .places import LOCAL, MISSING, Place, Places
from .scopes import Binder, Scope, absolute_module
from .uses import Reader, Uses, mentioned_names

MAX_FILES = 500
MAX_FILE_BYTES = 8 * 1024 * 1024
_RANK = {SURELY: 3, WHEN_CALLED: 2, PERHAPS: 1, NEVER: 0}
# A module that touches one of these may define names that no statement binds.
_DYNAMIC_NAMES = frozenset(
    {"globals", "exec", "eval", "vars", "locals", "setattr", "__dict__", "__getattr__", "modules"}
)


@dataclass
class SourceFile:
    """One file of the user's; ``tree`` is ``None`` where it does not parse, and ``fault`` says why."""

    name: str
    path: Path
    package: str
    """The package that relative imports in it start from; empty for a script."""
    is_main: bool
    tree: ast.Module | None = None
    fault: dict[str, Any] | None = None
    unread: str | None = None
    """Why it could not be looked at, where that is not a fault of its own."""
    certainty: str = NEVER
    uses: Uses = None  # type: ignore[assignment]  # set by Project before anybody reads it
    scope: Scope | None = None


class Project:
    """All the user's files that the script can reach through imports."""

    def __init__(self, main: SourceFile, places: Places) -> None:
        self.main = main
        self.places = places
        self.files: dict[str, SourceFile] = {}
        self.is_complete = True
        self._collect()
        self._read()
        self._propagate_certainty()

    @property
    def moves_path(self) -> bool:
        """Whether the code changes the search path, so that a module that is not found may still be there."""
        return any(file.uses.moves_path for file in self.files.values())

    @property
    def patched(self) -> frozenset[str]:
        """Dotted names that the code replaces."""
        return frozenset().union(*(file.uses.patched for file in self.files.values()))

    def exports(self, module: str, name: str, *, seen: frozenset[str] = frozenset()) -> bool | None:
        """Whether ``from module import name`` works for a local module; ``None`` if it cannot be told."""
        place = self.places.find(f"{module}.{name}")
        if place.kind != MISSING or module in seen:
            return True if place.kind == LOCAL else None
        if self.places.find(module).path is None:
            return None if self.moves_path else False  # a folder without __init__.py has nothing but its submodules
        file = self.files.get(module)
        if file is None or file.tree is None or file.scope is None:
            return None
        if name in file.scope.bindings or (name.startswith("__") and name.endswith("__")):
            return True
        if f"{module}.{name}" in self.patched or mentioned_names(file.tree) & _DYNAMIC_NAMES:
            return None
        answers = [self._star_gives(star, name, seen | {module}) for star in _star_modules(file)]
        return True if True in answers else None if None in answers else False

    def _star_gives(self, module: str, name: str, seen: frozenset[str]) -> bool | None:
        return self.exports(module, name, seen=seen) if self.places.find(module).kind == LOCAL else None

    def _collect(self) -> None:
        waiting = deque([self.main])
        self.files[self.main.name] = self.main
        while waiting:
            file = waiting.popleft()
            load(file)
            for name in imported_modules(file):
                place = self.places.find(name)
                if not place.is_source or name in self.files:
                    continue
                if len(self.files) >= MAX_FILES:
                    self.is_complete = False
                    return
                self.files[name] = source_at(place)
                waiting.append(self.files[name])

    def _read(self) -> None:
        trees = [file.tree for file in self.files.values() if file.tree is not None]
        mentioned = frozenset().union(*map(mentioned_names, trees)) if trees else frozenset()
        for file in self.files.values():
            file.uses = Uses()
            if file.tree is None:
                continue
            try:
                file.scope = Binder(file.tree, file.package).scopes[file.tree]
                reader = Reader(file.tree, package=file.package, is_main=file.is_main, mentioned=mentioned)
                file.uses = reader.uses
            except RecursionError:
                file.unread = "too deeply nested to read"

    def _propagate_certainty(self) -> None:
        """A module is as sure as its surest import; repeated until nothing rises any more."""
        self.main.certainty = SURELY
        for package in _packages_of(self.main):
            if package in self.files:
                self.files[package].certainty = SURELY
        changed = True
        while changed:
            changed = False
            for file in list(self.files.values()):
                for name, certainty in self._reached_from(file):
                    target = self.files.get(name)
                    if target is not None and _RANK[certainty] > _RANK[target.certainty]:
                        target.certainty, changed = certainty, True

    def _reached_from(self, file: SourceFile) -> Iterator[tuple[str, str]]:
        for use in file.uses.imports:
            certainty = context_in(file, use.context).certainty
            if use.context.caught or use.context.may_have_left:
                certainty = min(certainty, PERHAPS, key=_RANK.__getitem__)
            for name in with_parents(use.module):
                yield name, certainty
            for taken in use.names:
                yield f"{use.module}.{taken}", certainty


def context_in(file: SourceFile, context: Context) -> Context:
    """The context of a statement, lowered by how surely its file is loaded."""
    if file.certainty == SURELY:
        return context
    if file.certainty == NEVER:
        return replace(context, certainty=NEVER)
    certainty = NEVER if context.certainty == NEVER else PERHAPS
    if file.certainty == WHEN_CALLED and context.certainty in (SURELY, WHEN_CALLED):
        certainty = WHEN_CALLED
    return replace(context, certainty=certainty)


def load(file: SourceFile) -> None:
    """Read and parse one file; everything that can be wrong with it becomes a fault of it."""
    try:
        if file.path.stat().st_size > MAX_FILE_BYTES:
            file.unread = "larger than 8 MiB"
            return
        source = file.path.read_bytes()
    except OSError as error:
        file.unread = error.strerror or str(error)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape sequence is no fault
            # Compiling finds what parsing alone does not, such as a return outside a function. It executes nothing.
            compile(source, str(file.path), "exec", dont_inherit=True)
            file.tree = ast.parse(source, str(file.path))
    except SyntaxError as error:
        file.fault = {"line": error.lineno, "text": (error.text or "").strip()[:200], "message": error.msg}
    except ValueError as error:  # null bytes, in Python before 3.12
        file.fault = {"line": None, "text": "", "message": str(error)}
    except (RecursionError, MemoryError):
        file.unread = "too deeply nested to read"


def source_at(place: Place) -> SourceFile:
    """A local module as a file to read."""
    is_package = place.locations is not None
    package = place.name if is_package else place.name.rpartition(".")[0]
    return SourceFile(place.name, Path(str(place.path)), package, is_main=False)


def imported_modules(file: SourceFile) -> list[str]:
    """Every module that an import statement anywhere in the file may load, parents first."""
    names = [package for package in _packages_of(file) if package != file.name]
    for node in ast.walk(file.tree) if file.tree is not None else ():
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.extend(with_parents(alias.name))
        elif isinstance(node, ast.ImportFrom):
            module = absolute_module(node, file.package)
            names.extend(with_parents(module))
            names.extend(f"{module}.{alias.name}" for alias in node.names if alias.name != "*")
    return [name for name in names if name and not name.startswith(".")]


def with_parents(module: str) -> list[str]:
    """``a``, ``a.b`` and ``a.b.c`` for ``a.b.c``."""
    parts = module.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _packages_of(file: SourceFile) -> list[str]:
    return with_parents(file.package) if file.package else []


def _star_modules(file: SourceFile) -> list[str]:
    return [use.module for use in file.uses.imports if "*" in use.names]
