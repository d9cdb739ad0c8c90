"""A fresh copy of a project, for a run that must not lean on what happens to lie around: code copied, data linked.

Invariant: only what was recorded is in it. Everything keeps its whole path below the copy's folder, so that a relative
path means the same as before. Nothing of the user's is written; data is linked to, and the run's isolation keeps a
link from being written through.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..store.records import Experiment, Json
from .project import SETTINGS, ScriptTarget, own_files
from .scratch import remove
from .seal import file_hash, target_of

REPORT = "fresh_copy"
"""The report of a run with what its copy was made of."""
FOLDER = "copy"
_CONFIGURATION = (".cfg", ".ini", ".toml")
"""Files that are neither code nor noted as data when they are read: those beside the script are taken as they are."""
_MANY = 20
"""Of a folder with more recorded files than this, the folder is linked: not every one of them may have been noted."""


@dataclass(frozen=True, slots=True)
class FreshCopy:
    """Where it is, and what it was made of."""

    folder: Path
    code: Mapping[str, str]
    """Copied files by their place in the user's project, with their hashes."""
    linked: tuple[str, ...]
    """Data that is only linked to, by its path."""
    missing: tuple[str, ...]
    """Data that was read then, and is gone now."""

    def to_json(self) -> Json:
        """For the run's record."""
        code = [{"path": path, "sha256": digest} for path, digest in self.code.items()]
        return {"folder": str(self.folder), "code": code, "linked": list(self.linked), "missing": list(self.missing)}


def code_files(target: ScriptTarget) -> tuple[Path, ...]:
    """What of the user's a copy holds: the files of the fingerprint, and configuration beside the script."""
    beside = {target.script.parent, target.working_dir}
    found = set(own_files(target))
    for folder in beside:
        with suppress(OSError):
            found |= {path for path in folder.iterdir() if path.suffix in _CONFIGURATION and path.is_file()}
    settings = target.script.parent / SETTINGS
    return tuple(sorted(found | ({settings} if settings.is_file() else set())))


def make(experiment: Experiment, data: Iterable[Mapping[str, Any]], folder: Path) -> FreshCopy:
    """Make it; ``data`` are the files that the recorded run opened to read, each with its ``path``. Raises ``OSError``.

    A copy that is there already, half-made perhaps, is made anew.
    """
    remove(folder)
    target = target_of(experiment)
    code: dict[str, str] = {}
    for file in code_files(target):
        place = inside(folder, file)
        place.parent.mkdir(parents=True, exist_ok=True)
        content = file.read_bytes()
        place.write_bytes(content)
        place.chmod(file.stat().st_mode & 0o777 | 0o600)
        code[str(file)] = file_hash(place) or ""
    inside(folder, target.working_dir).mkdir(parents=True, exist_ok=True)
    linked, missing = _link(folder, [Path(str(one["path"])) for one in data])
    return FreshCopy(folder, code, linked, missing)


def copied(experiment: Experiment, folder: Path) -> Experiment:
    """The experiment as it stands in the copy."""
    return replace(
        experiment,
        script=inside(folder, experiment.script),
        working_dir=inside(folder, experiment.working_dir),
    )


def inside(folder: Path, path: Path) -> Path:
    """Where a path of the user's is in the copy."""
    return folder / path.absolute().relative_to(path.absolute().anchor)


def _link(folder: Path, files: list[Path]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    crowded = {place for place, count in Counter(file.parent for file in files).items() if count > _MANY}
    linked, missing = [], []
    for path in dict.fromkeys(file.parent if file.parent in crowded else file for file in files):
        place = inside(folder, path)
        if not path.exists():
            missing.append(str(path))
        elif not os.path.lexists(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)
            linked.append(str(path))
    return tuple(linked), tuple(missing)
