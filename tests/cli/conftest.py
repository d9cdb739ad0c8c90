"""The command line as it is used: a process of its own, with a home folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "docs" / "schema").glob("*.json")
}
REGISTRY: Any = Registry().with_resources(
    [(f"{name}.json", Resource.from_contents(schema)) for name, schema in SCHEMAS.items()]
)
COMMAND = (sys.executable, "-m", "mlintern.tui.command_line")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def json(self, schema: str) -> Any:
        """The one object on standard output, which must be what the schema says and nothing that it does not know."""
        assert self.out.count("\n") == 1, self.out
        content = json.loads(self.out, parse_constant=lambda text: pytest.fail(f"{text} is not JSON"))
        Draft202012Validator(SCHEMAS[schema], registry=REGISTRY).validate(content)
        assert content.keys() <= SCHEMAS[schema]["properties"].keys()
        return content

    @property
    def error(self) -> Any:
        """The error object."""
        return self.json("error")["error"]


Mlintern = Callable[..., Done]


def environment(home: Path) -> dict[str, str]:
    """What a command of ours runs in."""
    return {**os.environ, "MLINTERN_HOME": str(home)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where mlintern keeps everything in this test."""
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The user's project."""
    path = tmp_path / "project"
    path.mkdir()
    return path


@pytest.fixture
def mlintern(home: Path, folder: Path) -> Mlintern:
    """``mlintern("check", "train.py")`` in the user's project, without a terminal."""

    def run(*words: str | Path) -> Done:
        done = subprocess.run(
            [*COMMAND, *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            env=environment(home),
            timeout=300,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run
