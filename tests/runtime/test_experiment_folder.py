"""An experiment's folder stands for its script, and its values count as its code does."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.runtime.project import TargetError, fingerprint, script_target


def experiment(folder: Path, settings: str) -> Path:
    place = folder / "digits"
    place.mkdir()
    (place / "train.py").write_text("import torch\n")
    (place / "fit.py").write_text("import torch\n")
    (place / "experiment.toml").write_text(settings)
    return place


@pytest.mark.parametrize(("settings", "script"), [
    ('[experiment]\ntrain = "fit.py"\n', "fit.py"),
    ("[data]\n", "train.py"),
])  # fmt: skip
def test_a_folder_stands_for_its_script(settings: str, script: str, tmp_path: Path) -> None:
    place = experiment(tmp_path, settings)

    assert script_target(Path("digits"), (), working_dir=tmp_path).script == place / script


@pytest.mark.parametrize(("settings", "message"), [
    ('[experiment]\ntrain = "../outside.py"\n', "names no script beside it"),
    ("[experiment]\ntrain = 5\n", "names no script beside it"),
    ('[experiment]\ntrain = "gone.py"\n', "does not exist"),
    ("[experiment\n", "cannot be read"),
])  # fmt: skip
def test_a_folder_that_names_no_script_of_its_own_is_refused(settings: str, message: str, tmp_path: Path) -> None:
    experiment(tmp_path, settings)

    with pytest.raises(TargetError, match=message):
        script_target(Path("digits"), (), working_dir=tmp_path)


def test_a_changed_value_is_a_changed_experiment(tmp_path: Path) -> None:
    place = experiment(tmp_path, "[experiment]\n")
    target = script_target(place, (), working_dir=tmp_path)
    before = fingerprint(target)
    assert fingerprint(target) == before

    (place / "experiment.toml").write_text("[experiment]\nepochs = 3\n")

    assert fingerprint(target) != before
