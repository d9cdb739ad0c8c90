"""Programs as the inspector sees them: a child process in an interpreter, and the checks that judge its report."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from mlintern.planner.checks import static_rung
from mlintern.planner.checks.found import Checked
from mlintern.runtime import interpreters

Look = Callable[..., Checked]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """What the checks of patterns say of ``train.py`` with these files beside it."""

    def checked(source: str, files: Mapping[str, str] | None = None) -> Checked:
        for name, text in {"train.py": source, **(files or {})}.items():
            (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        report = interpreters.inspect(
            Path(sys.executable), script=tmp_path / "train.py", module=None, working_dir=tmp_path, library_seconds=0.01
        )
        return static_rung.judge(report, working_dir=tmp_path)[1]

    return checked
