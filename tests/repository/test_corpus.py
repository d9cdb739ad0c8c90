"""The corpus is what its manifest says: scripts that know nothing of us, and faults whose line can be named."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mlintern.tests.scripts.corpus import HERE, Fault, Script, faults, scripts

ROOT = Path(__file__).resolve().parents[2]
COUNTED = ("plain_slices", "accumulate_modulo", "lbfgs", "manual_sgd", "package_module", "example_digits_cnn")
"""A sample; verify_manifest.py goes through all."""


def environment(scratch: Path) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(scratch)}


@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.name)
def test_every_script_is_there_and_imports_nothing_of_ours(script: Script) -> None:
    for path in (script.folder / script.script).parent.rglob("*.py"):
        if path in (HERE / "corpus.py", HERE / "verify_manifest.py"):
            continue
        assert "mlintern" not in {name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                                  for name in names(node)}, path  # fmt: skip
    assert script.full.steps > script.tiny.steps or script.full.backwards > script.tiny.backwards
    assert script.knowable in ("exact", "bound", "asked")


def names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return set()


def test_every_script_file_is_in_the_manifest() -> None:
    ours = {"corpus.py", "count_steps.py", "verify_manifest.py"}
    listed = {script.folder / script.script for script in scripts()}

    assert {path.name for path in HERE.glob("*.py") if path not in listed} == ours


@pytest.mark.parametrize("script", [script for script in scripts() if script.name in COUNTED], ids=lambda s: s.name)
def test_the_manifest_tells_the_true_number_of_steps(script: Script, tmp_path: Path) -> None:
    copy, counts = tmp_path / "copy", tmp_path / "counts.json"
    shutil.copytree(script.folder, copy, ignore=shutil.ignore_patterns("__pycache__", "runs"))

    subprocess.run(
        [sys.executable, str(HERE / "count_steps.py"), str(counts), *script.command(script.tiny)],
        cwd=copy, env=environment(tmp_path), check=True, capture_output=True,
    )  # fmt: skip

    counted = json.loads(counts.read_text(encoding="utf-8"))
    assert (counted["steps"], counted["backwards"]) == (script.tiny.steps, script.tiny.backwards)


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_every_fault_crashes_in_the_line_that_the_manifest_names(fault: Fault, tmp_path: Path) -> None:
    copy = tmp_path / fault.script.name
    shutil.copy(fault.script, copy)

    done = subprocess.run(
        [sys.executable, copy.name, *fault.tiny],
        cwd=tmp_path, env=environment(tmp_path), check=False, capture_output=True, text=True,
    )  # fmt: skip

    last = [line for line in done.stderr.splitlines() if line.strip().startswith(f'File "{copy}"')][-1]
    assert done.returncode == 1
    assert f"line {fault.line}," in last
    assert fault.exception in done.stderr.splitlines()[-1]
