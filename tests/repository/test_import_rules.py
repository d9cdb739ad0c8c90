"""Imports run one way (tui → planner → runtime, models → store), and the face stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MAY_IMPORT = {
    "store": {"store"},
    "runtime": {"runtime", "store"},
    "models": {"models", "store"},
    "planner": {"planner", "runtime", "models", "store"},
    "tui": {"tui", "planner", "runtime", "models", "store"},
}

STANDALONE = ("runtime/probe", "runtime/keeper.py", "runtime/inspector", "runtime/inspect_script.py")
"""What runs in the user's interpreter, or as the parent of it: nothing of ours, and no library of ours, is there."""

OURS_ONLY = {"textual", "optuna", "psutil", "pynvml", "sqlite_utils", "platformdirs", "rich", "mlintern"}

HEAVY = {"torch", "numpy", "llama_cpp", "optuna", "sqlite_utils", "sklearn", "pandas", "transformers"}


def imported(path: Path, root: Path = ROOT) -> set[tuple[str, ...]]:
    """Absolute dotted names of everything a file imports; our own modules start with ``mlintern``."""
    package = ("mlintern", *path.relative_to(root).parent.parts)
    names: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            module = (*start, *(node.module.split(".") if node.module else ()))
            names |= {module} if node.module else {(*module, alias.name) for alias in node.names}
    return names


def wrong_way(path: Path, root: Path = ROOT) -> set[str]:
    """Packages of ours that this file must not import, but does."""
    layer = path.relative_to(root).parts[0]
    layers = {name[1] for name in imported(path, root) if name[0] == "mlintern" and len(name) > 1}
    return {name for name in layers if name in MAY_IMPORT and name not in MAY_IMPORT[layer]}


def files(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_imports_run_one_way(layer: str) -> None:
    assert {str(path.relative_to(ROOT)): wrong_way(path) for path in files(layer) if wrong_way(path)} == {}


def test_an_import_the_wrong_way_is_seen(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    bad, good = tmp_path / "store" / "bad.py", tmp_path / "store" / "good.py"
    bad.write_text("from ..planner.moves import Ask\nfrom .. import tui\n", encoding="utf-8")
    good.write_text("from .records import Run\nimport json\n", encoding="utf-8")

    assert wrong_way(bad, tmp_path) == {"planner", "tui"}
    assert wrong_way(good, tmp_path) == set()


def test_what_runs_in_the_users_interpreter_stands_alone() -> None:
    found = [(sorted((ROOT / name).rglob("*.py")) or [ROOT / name], ROOT / name) for name in STANDALONE]
    paths = [(path, part) for inside, part in found for path in inside]
    offences = {}
    for path, part in ((path, part) for path, part in paths if path.is_file()):
        folder = part if part.is_dir() else part.parent
        own_folder = ("mlintern", *folder.relative_to(ROOT).parts)
        foreign = {
            ".".join(name)
            for name in imported(path)
            if name[0] in OURS_ONLY and name[: len(own_folder)] != own_folder
        }
        if foreign:
            offences[str(path.relative_to(ROOT))] = foreign
    assert offences == {}


@pytest.mark.parametrize("module", ["", ".command_line", ".launch", ".app", ".actions"])
def test_the_face_loads_nothing_heavy(module: str) -> None:
    if not (ROOT / "tui" / f"{module.strip('.') or '__init__'}.py").exists():
        pytest.skip(f"mlintern.tui{module} is not there yet")
    program = f"import sys, mlintern.tui{module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()


def test_a_heavy_import_would_be_seen() -> None:
    program = "import sys, sqlite_utils; print(*sorted({name.split('.')[0] for name in sys.modules}))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert HEAVY & set(done.stdout.split())
