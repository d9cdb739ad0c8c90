"""Experiments of the tests, each written from a brief and data of the tests' own making."""

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

COMMAND = (sys.executable, "-m", "mlintern.tui.command_line")
Json = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """A command that has ended, and the folder that it was to write."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def content(self) -> Json:
        """The one object on standard output."""
        content: Json = json.loads(self.out)
        return content


New = Callable[..., Written]


@pytest.fixture
def new(tmp_path: Path) -> New:
    """``new(brief, "--data", path)`` writes an experiment into a folder of its own."""

    def run(brief: Json, *words: str | Path, name: str = "experiment") -> Written:
        task, into = tmp_path / "task.json", tmp_path / name
        task.write_text(json.dumps(brief), encoding="utf-8")
        done = subprocess.run(
            [*COMMAND, "new", str(task), "--into", str(into), "--json", *map(str, words)],
            capture_output=True, text=True, check=False, env={**os.environ, "MLINTERN_HOME": str(tmp_path / "home")},
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Written(done.returncode, done.stdout, done.stderr, into)

    return run


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A script of an experiment, run as a user would; warnings are errors, and nothing of ours can be imported."""
    without_ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-W", "error", *words],
        cwd=folder, capture_output=True, text=True, check=False, env={**without_ours, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
