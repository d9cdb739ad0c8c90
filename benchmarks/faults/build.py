"""The programs of the fault suite: base programs, and the patches that plant a fault in one or vary it soundly.

Invariant: a replacement applies to exactly one place, and nothing that names the fault gets into what is built.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
SCRIPT = "train.py"
DEVELOPMENT, HELD_OUT = "development", "held-out"
PLACES = {
    DEVELOPMENT: (ROOT / "programs", ROOT / "bases"),
    HELD_OUT: (ROOT / "held_out" / "programs", ROOT / "held_out" / "bases"),
}


class PatchError(ValueError):
    """A patch that does not fit its base."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Exact text for exact text."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Program:
    """One program: a base as it is, or with replacements."""

    id: str
    base: str
    part: str
    replacements: tuple[Replacement, ...]
    higher_is_better: bool
    args: tuple[str, ...]
    kind: str | None = None
    """``None`` means that it is sound."""
    families: tuple[str, ...] = ()
    """Finding codes that name the fault rightly."""
    file: str = SCRIPT
    at: tuple[str, ...] = ()
    """Texts of the lines where a finding may point; each stands in the built file."""
    objects: tuple[str, ...] = ()
    """Names that a finding may say in place of a line."""
    rung: str = "rehearsal"
    about: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether any error or warning about it would be a false alarm."""
        return self.kind is None

    def lines(self, folder: Path) -> tuple[int, ...]:
        """The numbers of the lines named by ``at`` in the program built into ``folder``."""
        text = (folder / self.file).read_text(encoding="utf-8").splitlines()
        return tuple(number for number, line in enumerate(text, 1) if any(place in line for place in self.at))


def programs(part: str | None = None) -> tuple[Program, ...]:
    """All programs of a part, or of both."""
    found: list[Program] = []
    for name, (patches, _) in PLACES.items():
        if part in (None, name):
            for path in sorted(patches.glob("*.toml")):
                found += _read(path, name)
    return tuple(found)


def base_folder(base: str) -> Path:
    """Where a base program lies."""
    for _, bases in PLACES.values():
        if (bases / base).is_dir():
            return bases / base
    raise PatchError(f"no such base: {base}")


def build(program: Program, folder: Path) -> Path:
    """Write the program into ``folder``, which is created; its script."""
    shutil.copytree(base_folder(program.base), folder, ignore=shutil.ignore_patterns("__pycache__"))
    for replacement in program.replacements:
        path = folder / replacement.file
        text = path.read_text(encoding="utf-8")
        if (count := text.count(replacement.old)) != 1:
            raise PatchError(f"{program.id}: {replacement.old!r} stands {count} times in {replacement.file}")
        path.write_text(text.replace(replacement.old, replacement.new), encoding="utf-8")
    return folder / SCRIPT


def _read(path: Path, part: str) -> list[Program]:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    base, higher = path.stem, bool(content["higher_is_better"])
    args = tuple(content.get("args", ()))
    found = []
    if (PLACES[part][1] / base).is_dir():
        found.append(Program(f"{base}/clean", base, part, (), higher, args, about="The base program as it is."))
    for entry in content.get("program", ()):
        found.append(_program(entry, base, part, higher, args))
    return found


def _program(entry: Mapping[str, Any], base: str, part: str, higher: bool, args: tuple[str, ...]) -> Program:
    file = entry.get("file", SCRIPT)
    replacements = tuple(Replacement(one.get("file", file), one["old"], one["new"]) for one in entry["replace"])
    if "sound" in entry:
        return Program(f"{base}/{entry['sound']}", base, part, replacements, higher, args, about=entry["why"])
    return Program(
        id=f"{base}/{entry.get('name', entry['kind'])}",
        base=base,
        part=part,
        replacements=replacements,
        higher_is_better=higher,
        args=args,
        kind=entry["kind"],
        families=tuple(entry["families"]),
        file=file,
        at=tuple(entry["at"]),
        objects=tuple(entry.get("objects", ())),
        rung=entry["rung"],
        about=entry["wrong"],
    )
