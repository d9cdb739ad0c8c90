"""The code is clean under ruff and under mypy's strict rules, and no file grows beyond what one sitting can take in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 500
GENERATED = ROOT / "store" / "schema.py"
"""Written by the migrations; nobody reads it in one sitting."""
PRODUCT = ("store", "runtime", "planner", "models", "tui")


def run(*command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def tracked(pattern: str) -> list[Path]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", pattern).stdout.splitlines()
    return [ROOT / line for line in listed if (ROOT / line).is_file()]


def test_ruff_finds_nothing() -> None:
    done = run(sys.executable, "-m", "ruff", "check", "--no-cache", ".")

    assert done.returncode == 0, done.stdout


def test_mypy_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "mlintern").symlink_to(ROOT)  # mypy wants the package under its own name
    packages = [argument for name in (*PRODUCT, "benchmarks") for argument in ("-p", f"mlintern.{name}")]

    done = run(
        *(sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")),
        *("--cache-dir", str(ROOT / ".mypy_cache"), *packages),
        folder=tmp_path,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def too_long(paths: list[Path]) -> dict[str, int]:
    counted = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return {str(path.name): lines for path, lines in counted.items() if lines > MAX_LINES}


def test_no_file_is_longer_than_the_limit() -> None:
    written = [*tracked("*.py"), *tracked("*.tcss"), *tracked("*.sh")]
    assert too_long([path for path in written if path != GENERATED]) == {}


def test_a_file_over_the_limit_is_seen(tmp_path: Path) -> None:
    fits, over = tmp_path / "fits.py", tmp_path / "over.py"
    fits.write_text("x = 1\n" * MAX_LINES, encoding="utf-8")
    over.write_text("x = 1\n" * (MAX_LINES + 1), encoding="utf-8")

    assert too_long([fits, over]) == {"over.py": MAX_LINES + 1}
