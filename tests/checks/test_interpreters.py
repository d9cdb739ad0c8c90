"""Finding interpreters and saying what they have, with real ones."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from mlintern.runtime import interpreters
from mlintern.runtime.interpreters import InterpreterError, NoTorchError


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh virtual environment: no torch in it."""
    folder = tmp_path_factory.mktemp("bare") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_an_interpreter_says_its_version_and_its_torch() -> None:
    found = interpreters.examine(Path(sys.executable))
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert found.torch is not None
    assert found.path == Path(sys.executable)


def test_an_interpreter_without_torch_is_told_with_what_to_do(bare: Path) -> None:
    found = interpreters.examine(bare)
    assert found.torch is None
    assert found.path == bare  # not the Python that the link leads to
    with pytest.raises(NoTorchError, match=r"has no torch\..*--python.*-m pip install torch"):
        interpreters.choose(bare)


def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    cases = {
        tmp_path / "absent": "No such interpreter",
        tmp_path: "is a folder",
        plain: "is not executable",
        Path("/bin/true"): "is not a Python interpreter",
        executable(tmp_path / "broken", "#!/no/such/program\n"): "cannot be started",
        executable(tmp_path / "noise", "#!/bin/sh\necho '{]'\n"): "is not a Python interpreter",
        executable(tmp_path / "old", '#!/bin/sh\necho \'{"python": "3.6.15"}\'\n'): "older than 3.9",
    }
    for path, words in cases.items():
        with pytest.raises(InterpreterError, match=words) as refused:
            interpreters.examine(path)
        assert "--python" in str(refused.value)
        assert "\n" not in str(refused.value)


def test_an_interpreter_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "child"
    hanging = executable(tmp_path / "hanging", f"#!/bin/sh\nsleep 1000 & echo $! > {marker}\nwait\n")
    with pytest.raises(InterpreterError, match="did not answer within"):
        interpreters.examine(hanging, seconds=1.0)
    child = int(marker.read_text())
    deadline = time.monotonic() + 10.0
    while is_alive(child):
        assert time.monotonic() < deadline


def test_a_folder_of_an_environment_is_answered_with_the_python_inside(bare: Path) -> None:
    with pytest.raises(InterpreterError, match=f"Did you mean {bare}"):
        interpreters.examine(bare.parent.parent)


def test_the_likeliest_interpreter_comes_first_and_each_only_once(bare: Path, tmp_path: Path) -> None:
    environment = {"VIRTUAL_ENV": str(bare.parent.parent), "PATH": f"{bare.parent}:{tmp_path}:/usr/bin"}
    found = list(interpreters.candidates((bare.parent.parent.parent,), environment=environment))
    assert found[0] == (bare, "VIRTUAL_ENV")
    assert [path for path, _ in found].count(bare) == 1
    assert (Path(sys.executable), "mlintern's own") in found


def test_a_venv_beside_the_script_is_found(bare: Path) -> None:
    found = list(interpreters.candidates((bare.parent.parent.parent,), environment={"PATH": ""}))
    assert found[0] == (bare, ".venv")


def test_without_a_name_the_first_with_torch_is_chosen(bare: Path) -> None:
    chosen = interpreters.choose(None, (bare.parent.parent.parent,), environment={"PATH": ""})
    assert chosen.path == Path(sys.executable)
    assert chosen.torch is not None


def test_start_up_output_of_the_users_does_not_confuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text('print(\'{"python": "0.0"} welcome\')\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert interpreters.examine(Path(sys.executable)).python != "0.0"


def test_a_torch_folder_beside_the_working_place_is_not_torch(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("")
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert interpreters.examine(bare).torch is None
    finally:
        os.chdir(before)
