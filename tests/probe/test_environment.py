"""What a watched script found around it: the versions of its packages, and the data files that it read."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Probe

SCRIPT = """
    import os, pathlib, sys
    import numpy
    text = pathlib.Path("data.csv").read_text()
    numpy.load("rows.npy")
    os.close(os.open("raw.bin", os.O_RDONLY))
    open("written.txt", "w").write("x")
    open("both.txt", "r+").read()
    try:
        open("missing.txt")
    except FileNotFoundError:
        print("missing, as it should")
    if os.fork() == 0:
        open("child.txt").read()
        os._exit(0)
    os.wait()
    print(len(text))
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    import numpy

    for name in ("data.csv", "raw.bin", "both.txt", "child.txt"):
        (tmp_path / name).write_text("1,2\n")
    numpy.save(tmp_path / "rows.npy", numpy.zeros(3))
    return tmp_path


@pytest.mark.parametrize("mode", ["watch", "pilot"])
def test_what_was_read_is_told_and_nothing_else(probe: Probe, data: Path, mode: str) -> None:
    done = probe(SCRIPT, mode=mode)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "4")
    told = done.last("environment")
    names = {Path(one["path"]).name: one["bytes"] for one in told["files"]}
    assert names == {"data.csv": 4, "rows.npy": (data / "rows.npy").stat().st_size, "raw.bin": 4}
    assert "numpy" in {one["name"] for one in told["packages"]}
    assert "sys" not in {one["name"] for one in told["packages"]}


def test_short_runs_are_not_listened_to(probe: Probe, data: Path) -> None:
    assert not probe(SCRIPT, mode="rehearse").has("environment")
