"""An installed mlintern has every part of the source, and the tested versions fit what the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("store", "runtime", "planner", "models", "tui")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def packages_in(root: Path) -> set[str]:
    folders = {path.parent for layer in LAYERS for path in (root / layer).rglob("*.py")}
    return {".".join(("mlintern", *folder.relative_to(root).parts)) for folder in folders}


def test_every_package_is_installed() -> None:
    listed = project()["tool"]["setuptools"]["packages"]

    assert packages_in(ROOT) - set(listed) == set()
    assert len(set(listed)) == len(listed)


def test_a_package_that_is_not_listed_is_seen(tmp_path: Path) -> None:
    (tmp_path / "tui" / "newcomer").mkdir(parents=True)
    (tmp_path / "tui" / "newcomer" / "part.py").touch()

    assert packages_in(tmp_path) == {"mlintern.tui.newcomer"}


def test_every_file_that_is_not_python_is_installed() -> None:
    data = project()["tool"]["setuptools"]["package-data"]
    covered = {
        path
        for package, patterns in data.items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")[1:]).glob(pattern)
    }
    files = (path for layer in LAYERS for path in (ROOT / layer).rglob("*") if path.is_file())
    caches = {".ruff_cache", ".mypy_cache", "__pycache__"}
    foreign = {path for path in files if path.suffix != ".py" and not caches & set(path.parts)}

    assert {str(path.relative_to(ROOT)) for path in foreign - covered} == set()


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(_name_and_version(line) for line in lines if line and not line.startswith("#"))


def _name_and_version(line: str) -> tuple[str, str]:
    name, _, version = line.partition("==")
    return re.sub(r"[-_.]+", "-", name).lower(), version


def test_the_tested_versions_fit_the_ranges() -> None:
    table = project()["project"]
    asked = [*table["dependencies"], *(one for extra in table["optional-dependencies"].values() for one in extra)]
    versions = pinned()
    misfits = []
    for requirement in map(Requirement, asked):
        version = versions.get(re.sub(r"[-_.]+", "-", requirement.name).lower())
        if requirement.name == "mlintern":
            continue
        if version is None or not requirement.specifier.contains(version):
            misfits.append(f"{requirement}: {version}")

    assert misfits == []
    assert versions["torch"] == "2.13.0"
