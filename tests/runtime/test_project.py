"""What belongs to a script: its own folders, the repository around it, and what stands on the search path."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.runtime.project import fingerprint, own_files, script_target


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a package beside the folder of a script that imports it."""
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").write_text("")
    (tmp_path / "nets" / "loop.py").write_text("def train(): ...\n")
    (tmp_path / "projects" / "digits").mkdir(parents=True)
    (tmp_path / "projects" / "digits" / "train.py").write_text("from nets.loop import train\n")
    return tmp_path


def files_of(repository: Path) -> set[str]:
    folder = repository / "projects" / "digits"
    target = script_target(Path("train.py"), (), working_dir=folder)
    return {str(file.relative_to(repository)) for file in own_files(target)}


def test_a_package_of_the_repository_is_the_users_own(repository: Path) -> None:
    assert "nets/loop.py" in files_of(repository)


def test_without_the_marks_of_a_repository_it_is_not(repository: Path) -> None:
    (repository / "setup.py").unlink()
    assert files_of(repository) == {"projects/digits/train.py"}


def test_a_home_folder_under_version_control_is_no_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(repository))
    assert files_of(repository) == {"projects/digits/train.py"}


def test_what_stands_on_the_search_path_is_the_users_own(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "setup.py").unlink()
    monkeypatch.setenv("PYTHONPATH", f"{repository}:/not/there")
    assert "nets/loop.py" in files_of(repository)


def test_a_change_in_the_package_is_another_program(repository: Path) -> None:
    target = script_target(Path("train.py"), (), working_dir=repository / "projects" / "digits")
    before = fingerprint(target)
    (repository / "nets" / "loop.py").write_text("def train(): print()\n")
    assert fingerprint(target) != before
