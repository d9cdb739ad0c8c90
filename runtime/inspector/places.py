"""Where a module comes from: the standard library, an installed library, or the user's own files.

Invariant: looking never imports anything, not even a parent package, because a parent package may be the user's code.
"""

from __future__ import annotations

import importlib.machinery
import site
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STANDARD = "standard"
INSTALLED = "installed"
LOCAL = "local"
MISSING = "missing"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Place:
    """A module's home; ``path`` is its file where it has one, ``locations`` the folders of its submodules."""

    name: str
    kind: str
    path: str | None = None
    locations: tuple[str, ...] | None = None
    missing_part: str | None = None
    """The first part of the dotted name that was not found."""

    @property
    def is_source(self) -> bool:
        """Whether it is a file of the user's that can be read as Python."""
        return self.kind == LOCAL and self.path is not None and self.path.endswith((".py", ".pyw"))


class Places:
    """Finds modules on the search path of the real run."""

    def __init__(self, startup_modules: frozenset[str]) -> None:
        self._startup = startup_modules
        self._known: dict[str, Place] = {}
        # As they are now: a finder of ours that asks here must not be asked from here.
        self._finders = tuple(sys.meta_path)
        self._standard = _real_folders(sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
        self._installed = _real_folders(
            sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages(), _user_site()
        )

    def find(self, name: str) -> Place:
        """The home of the module with this absolute dotted name."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._find_part(name) if "." in name else self._find_top(name)
        return known

    def kind_of_path(self, path: str) -> str:
        """Whose the file is, judged by the folder that it lies in."""
        real = Path(path).resolve()
        if "site-packages" in real.parts or "dist-packages" in real.parts or _is_below(real, self._installed):
            return INSTALLED
        return STANDARD if _is_below(real, self._standard) else LOCAL

    def _find_top(self, name: str) -> Place:
        if name in self._startup:
            return self._loaded(name)
        if name in sys.builtin_module_names:
            return Place(name, STANDARD)
        for finder in self._finders:
            find_spec = getattr(finder, "find_spec", None)
            if find_spec is None:
                continue
            try:
                spec = find_spec(name, None)
            except Exception as error:  # noqa: BLE001  boundary: the finders of editable installs are foreign code
                return Place(name, UNKNOWN, missing_part=f"{type(error).__name__}: {error}")
            if spec is not None:
                return self._placed(name, spec)
        return Place(name, MISSING, missing_part=name)

    def _find_part(self, name: str) -> Place:
        parent = self.find(name.rpartition(".")[0])
        if parent.kind in (MISSING, UNKNOWN):
            return Place(name, parent.kind, missing_part=parent.missing_part)
        found = self._find_below(name, parent)
        if found is not None:
            return found
        if parent.kind == LOCAL:
            return Place(name, MISSING, missing_part=name)
        # A library may make submodules while it is imported (os.path, six.moves); the user's files are all there is.
        return Place(name, parent.kind, missing_part=name)

    def _find_below(self, name: str, parent: Place) -> Place | None:
        folders = list(parent.locations or ())
        try:
            spec = importlib.machinery.PathFinder.find_spec(name, folders) if folders else None
        except KeyError:
            # A folder without __init__.py: Python wants its parent imported to go on, and we may not import it.
            inside = [Path(folder) / name.rpartition(".")[2] for folder in folders]
            locations = tuple(str(folder) for folder in inside if folder.is_dir())
            return Place(name, parent.kind, None, locations)
        return None if spec is None else self._placed(name, spec)

    def _loaded(self, name: str) -> Place:
        module = sys.modules[name]
        path = getattr(module, "__file__", None)
        locations = getattr(module, "__path__", None)
        where = path or next(iter(locations or ()), None)
        return Place(
            name,
            STANDARD if where is None else self.kind_of_path(where),
            path,
            None if locations is None else tuple(locations),
        )

    def _placed(self, name: str, spec: Any) -> Place:
        locations = None if spec.submodule_search_locations is None else tuple(spec.submodule_search_locations)
        if spec.origin in ("built-in", "frozen"):
            return Place(name, STANDARD, None, locations)
        path = spec.origin if spec.has_location else None
        where = path or next(iter(locations or ()), None)
        if where is None:
            return Place(name, UNKNOWN, missing_part=name)
        return Place(name, self.kind_of_path(where), path, locations)


def use_search_path_of(folder: str) -> None:
    """Put the script's folder where Python put ours, so that every look-up sees what the real run would see."""
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = folder


def _user_site() -> str | None:
    try:
        return site.getusersitepackages()
    except (AttributeError, TypeError, OSError, RuntimeError):  # no home folder
        return None


def _real_folders(*folders: str | None) -> tuple[Path, ...]:
    return tuple(Path(folder).resolve() for folder in folders if folder)


def _is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(folder == path or folder in path.parents for folder in folders)
