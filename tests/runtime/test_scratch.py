"""Scratch folders go, whatever is in them, and nothing else does."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mlintern.runtime.scratch import remove


def test_locked_folders_go(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    (scratch / "a" / "locked" / "deep").mkdir(parents=True)
    (scratch / "a" / "locked" / "deep" / "file").write_text("x")
    (scratch / "a" / "locked" / "deep").chmod(0)
    (scratch / "a" / "locked").chmod(0)
    scratch.chmod(0o500)
    remove(scratch)
    assert not scratch.exists()


def test_what_links_point_to_stays_as_it_is(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o750)
    (precious / "file").write_text("x")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "folder").symlink_to(precious)
    (scratch / "file").symlink_to(precious / "file")
    os.link(precious / "file", scratch / "hard")
    before = stat.S_IMODE(precious.stat().st_mode), (precious / "file").stat().st_mode
    remove(scratch)
    assert not scratch.exists()
    assert (stat.S_IMODE(precious.stat().st_mode), (precious / "file").stat().st_mode) == before
    assert (precious / "file").read_text() == "x"


def test_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o750)
    (tmp_path / "scratch").symlink_to(precious)
    remove(tmp_path / "scratch")
    assert stat.S_IMODE(precious.stat().st_mode) == 0o750


def test_folder_around_is_never_touched(tmp_path: Path) -> None:
    """Also when there is nothing to remove, as when another process was faster."""
    around = tmp_path / "around"
    around.mkdir()
    around.chmod(0o1777)
    remove(around / "gone")
    remove(around / "gone" / "deeper")
    assert stat.S_IMODE(around.stat().st_mode) == 0o1777
