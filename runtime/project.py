"""What belongs to the user's script: where its own modules are, and a fingerprint of its code.

Found by reading import statements, not by running anything. A changed file changes the fingerprint, and so starts a
new climb.
"""

from __future__ import annotations

import ast
import hashlib
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SETTINGS = "experiment.toml"
"""What makes a folder an experiment: it names the script that trains, and holds its values."""
MOST_FILES = 2000
"""A project of more files than this is fingerprinted by the first ones found."""

_TOP_OF_REPOSITORY = (".git", "pyproject.toml", "setup.py", "setup.cfg")


class TargetError(ValueError):
    """What was given cannot be run as a script; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ScriptTarget:
    """What the person wants to run: a script or a module, with its arguments as for the full run."""

    script: Path
    module: str | None
    args: tuple[str, ...]
    working_dir: Path

    @property
    def name(self) -> str:
        """Short, for lists."""
        return self.module or self.script.name

    @property
    def search_folder(self) -> Path:
        """The first entry of the script's ``sys.path``."""
        return self.working_dir if self.module else self.script.parent

    @property
    def roots(self) -> tuple[Path, ...]:
        """Folders whose modules are the user's own: where Python finds them first, and the repository around them."""
        repository = _repository_of(self.search_folder)
        around = () if repository is None else (repository, repository / "src")
        return tuple(dict.fromkeys((self.search_folder, self.working_dir, *_python_path(), *around)))


def _repository_of(folder: Path) -> Path | None:
    """The nearest folder around it that looks like the top of a repository; a person's home is none."""
    for candidate in (folder, *folder.parents):
        if candidate in (Path.home(), Path(candidate.anchor)):
            return None
        if any((candidate / mark).exists() for mark in _TOP_OF_REPOSITORY):
            return candidate
    return None


def _python_path() -> Iterator[Path]:
    """What the person put on the search path for this run."""
    for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        if entry and (folder := Path(entry).absolute()).is_dir():
            yield folder


def script_target(path: Path, args: tuple[str, ...], *, working_dir: Path) -> ScriptTarget:
    """A script by its path, or by the folder of an experiment. Raises :class:`TargetError`."""
    script = (working_dir / path).absolute()
    if (script / SETTINGS).is_file():
        script = script / _training_script(script / SETTINGS)
    if script.is_dir():
        raise TargetError(f"{path} is a folder: name the script in it that trains, for example {path / 'train.py'}")
    if not script.exists():
        raise TargetError(f"{path} does not exist: check the path, or start in the folder where it is")
    _read_source(script)
    return ScriptTarget(script, None, args, working_dir)


def _training_script(settings: Path) -> str:
    """The name of the script beside these settings."""
    try:
        content = tomllib.loads(settings.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TargetError(f"{settings} cannot be read: {error}") from error
    experiment = content.get("experiment")
    name = experiment.get("train", "train.py") if isinstance(experiment, dict) else "train.py"
    if not isinstance(name, str) or Path(name).name != name:
        raise TargetError(f"{settings} names no script beside it: write train = \"train.py\" under [experiment]")
    return name


def module_target(name: str, args: tuple[str, ...], *, working_dir: Path) -> ScriptTarget:
    """A module by its dotted name, as ``python -m`` would find it from ``working_dir``. Raises :class:`TargetError`."""
    base = working_dir.joinpath(*name.split("."))
    for candidate in (base.with_suffix(".py"), base / "__main__.py"):
        if candidate.is_file():
            _read_source(candidate)
            return ScriptTarget(candidate.absolute(), name, args, working_dir)
    raise TargetError(f"there is no module {name} under {working_dir}: start in the folder that holds its package")


def fingerprint(target: ScriptTarget) -> str:
    """sha256 over the script, the modules of the user's that it imports, and experiment.toml, with their places."""
    digest = hashlib.sha256()
    settings = target.script.parent / SETTINGS
    for file in (*own_files(target), *([settings] if settings.is_file() else [])):
        digest.update(str(file).encode("utf-8", "surrogateescape") + b"\0")
        digest.update(_bytes(file) + b"\0")
    return digest.hexdigest()


def own_files(target: ScriptTarget) -> tuple[Path, ...]:
    """The script and the modules of the user's that it imports, directly or not, in the order of their paths."""
    found = {target.script}
    waiting, roots = [target.script], target.roots
    while waiting and len(found) < MOST_FILES:
        file = waiting.pop()
        for imported in _imported_files(file, roots):
            if imported not in found:
                found.add(imported)
                waiting.append(imported)
    return tuple(sorted(found))


def _imported_files(file: Path, roots: tuple[Path, ...]) -> Iterator[Path]:
    try:
        tree = ast.parse(_bytes(file))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _resolve(alias.name, roots)
        elif isinstance(node, ast.ImportFrom):
            folders = _relative_folders(file, node.level) if node.level else roots
            base = node.module or ""
            for name in [base, *(f"{base}.{alias.name}".strip(".") for alias in node.names)]:
                yield from _resolve(name, folders)


def _relative_folders(file: Path, level: int) -> tuple[Path, ...]:
    folder = file.parent
    for _ in range(level - 1):
        folder = folder.parent
    return (folder,)


def _resolve(name: str, folders: tuple[Path, ...]) -> Iterator[Path]:
    parts = [part for part in name.split(".") if part]
    for folder in folders:
        here = folder
        for part in parts:
            here = here / part
            for candidate in (here.with_suffix(".py"), here / "__init__.py"):
                if candidate.is_file():
                    yield candidate


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _read_source(script: Path) -> None:
    """Refuse what is plainly no Python source."""
    try:
        data = script.read_bytes()
    except OSError as problem:
        raise TargetError(f"{script.name} cannot be read: {problem.strerror}. Check its permissions") from problem
    if b"\0" in data[:65536]:
        raise TargetError(f"{script.name} is a binary file, not a Python script: name the .py file that trains")
    try:
        ast.parse(data)
    except SyntaxError as problem:
        text = (problem.text or "").strip()
        raise TargetError(
            f"{script.name} does not parse: line {problem.lineno}: {problem.msg}: {text!r}. Mend the line and try again"
        ) from problem
    except (ValueError, RecursionError) as problem:
        raise TargetError(f"{script.name} cannot be read as Python: {problem}") from problem
