"""A full disk, really: the scenarios of ``full_disk.py`` on a small tmpfs in a mount namespace of its own."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIO_FILE = Path(__file__).with_name("full_disk.py")
SCENARIOS = [
    node.name
    for node in ast.parse(SCENARIO_FILE.read_text()).body
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
]
_NAMESPACE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
_MOUNT = 'mount -t tmpfs -o size=3m,mode=0700 tmpfs "$0" && exec "$@"'


def _on_a_small_disk(disk: Path, *command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_NAMESPACE, "sh", "-c", _MOUNT, str(disk), *map(str, command)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_full_disk(scenario: str, tmp_path: Path) -> None:
    probe = _on_a_small_disk(tmp_path, "true")
    if probe.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {probe.stderr.strip()}")
    done = _on_a_small_disk(tmp_path, sys.executable, SCENARIO_FILE, scenario, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []  # the disk was the namespace's own
