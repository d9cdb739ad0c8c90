"""Runs a script under the probe in a real child process, and reads what it tells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.extrapolate import FullRun, extrapolate
from mlintern.planner.looptree import LoopNode, parse

LAUNCH = Path(__file__).parents[2] / "runtime" / "probe" / "launch.py"


@dataclass(frozen=True)
class Probed:
    """What one probed process did."""

    exit_code: int
    output: str
    messages: tuple[dict[str, Any], ...]

    def last(self, kind: str) -> dict[str, Any]:
        """The last message of a kind; fails when there is none."""
        return [message for message in self.messages if message["e"] == kind][-1]

    def has(self, kind: str) -> bool:
        """Whether a message of that kind came."""
        return any(message["e"] == kind for message in self.messages)

    @property
    def tree(self) -> LoopNode:
        """The loop tree."""
        return parse(self.last("loops")["tree"])

    @property
    def full(self) -> FullRun:
        """The full run as the planner sees it."""
        return extrapolate(self.tree)

    def rows(self, name: str) -> list[float]:
        """All values of one metric."""
        return [
            row[2]
            for message in self.messages
            if message["e"] == "metrics"
            for row in message["rows"]
            if row[1] == name
        ]


Probe = Callable[..., Probed]


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Probe]:
    """``probe(text_or_path, *args, mode=…)`` runs a script to its end."""

    def run(
        script: str | Path, *args: str, mode: str = "rehearse", module: str | None = None, **settings: Any
    ) -> Probed:
        if isinstance(script, str):
            path = tmp_path / "train.py"
            path.write_text(textwrap.dedent(script))
        else:
            path = script
        folder = settings.pop("cwd", path.parent)
        reader, writer = os.pipe()
        told = {
            "mode": mode,
            "events_fd": writer,
            "roots": [str(folder), str(path.parent)],
            "args": list(args),
            **({"module": module} if module else {"script": str(path)}),
            **settings,
        }
        environment = {**os.environ, "MLINTERN_PROBE": json.dumps(told), "OMP_NUM_THREADS": "1"}
        child = subprocess.Popen(
            [sys.executable, "-u", str(LAUNCH)],
            cwd=folder,
            env=environment,
            pass_fds=[writer, *([settings["report_fd"]] if "report_fd" in settings else [])],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(writer)
        with os.fdopen(reader, "rb") as events, child:
            messages = tuple(json.loads(line) for line in events)
            output, _ = child.communicate(timeout=120)
        return Probed(child.returncode, output, messages)

    yield run


@pytest.fixture(scope="session")
def copied_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts and examples, copied, so that what they write stays out of the repository."""
    root = Path(__file__).parents[2]
    copied = tmp_path_factory.mktemp("corpus")
    for part in ("tests/scripts", "examples"):
        shutil.copytree(root / part, copied / part)
    return copied
