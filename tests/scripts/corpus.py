"""What there is to run: the table of ``manifest.toml`` as values, for tests and benchmarks to go through.

Invariant: nothing here imports torch or runs a script; a program is always started in a copy of its folder, by the caller.
"""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Setting:
    """Arguments, and what the program then really does."""

    args: tuple[str, ...]
    steps: int
    """Calls of ``optimizer.step()``, all optimizers together."""
    backwards: int


@dataclass(frozen=True, slots=True)
class Script:
    """One way of calling one script of the corpus."""

    name: str
    kind: str
    folder: Path
    """The working directory; the script's path is relative to it."""
    script: str
    module: str | None
    knowable: str
    """``exact``, ``bound`` or ``asked``: what can be known of the steps before the full run."""
    needs: tuple[str, ...]
    tiny: Setting
    full: Setting

    @property
    def missing(self) -> tuple[str, ...]:
        """What this machine lacks to run it: programs such as ``g++``, else importable packages."""
        return tuple(need for need in self.needs if not (shutil.which(need) or _importable(need)))

    def command(self, setting: Setting) -> tuple[str, ...]:
        """What follows the interpreter."""
        start = ("-m", self.module) if self.module else (self.script,)
        return (*start, *setting.args)


@dataclass(frozen=True, slots=True)
class Fault:
    """A script that crashes, but only at its end."""

    name: str
    why: str
    script: Path
    exception: str
    text: str
    """The line of the script that must be named."""
    tiny: tuple[str, ...]
    full: tuple[str, ...]

    @property
    def line(self) -> int:
        """The number of that line."""
        lines = self.script.read_text(encoding="utf-8").splitlines()
        (number,) = (number for number, line in enumerate(lines, start=1) if line.strip() == self.text)
        return number


def scripts() -> tuple[Script, ...]:
    """Every way of calling every sound script."""
    return tuple(_script(name, row) for name, row in _manifest()["scripts"].items())


def faults() -> tuple[Fault, ...]:
    """Every script that crashes at its end."""
    return tuple(
        Fault(
            name=name,
            why=row["why"],
            script=HERE / row["script"],
            exception=row["exception"],
            text=row["line"],
            tiny=tuple(row["tiny"]),
            full=tuple(row["full"]),
        )
        for name, row in _manifest()["faults"].items()
    )


def _script(name: str, row: dict[str, Any]) -> Script:
    return Script(
        name=name,
        kind=row["kind"],
        folder=HERE / row.get("folder", "."),
        script=row["script"],
        module=row.get("module"),
        knowable=row.get("knowable", "exact"),
        needs=tuple(row.get("needs", ())),
        tiny=_setting(row["tiny"]),
        full=_setting(row["full"]),
    )


def _setting(row: dict[str, Any]) -> Setting:
    return Setting(args=tuple(row["args"]), steps=row["steps"], backwards=row["backwards"])


def _manifest() -> dict[str, Any]:
    return tomllib.loads((HERE / "manifest.toml").read_text(encoding="utf-8"))


def _importable(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
