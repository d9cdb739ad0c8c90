"""A full disk: the training is stopped cleanly, the record says why, and what was stored before stays whole."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlintern.runtime.launch import LaunchError
from mlintern.runtime.output_log import OutputLog
from mlintern.store import Store
from mlintern.store.records import RunStatus

if TYPE_CHECKING:
    from conftest import Lab

SIZE = 8 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={SIZE}".encode()) != 0:
        pytest.skip(f"no small disk can be mounted here: {os.strerror(ctypes.get_errno())}")
    yield folder
    libc.umount2(os.fsencode(folder), 2)


def fill(folder: Path, leave: int = 0) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
        if leave:
            file.truncate(file.tell() - leave)
    return filler


def test_output_that_fills_the_disk_stops_the_run(small_disk: Path, make_lab: Callable[[Path], Lab]) -> None:
    lab = make_lab(small_disk)
    run = lab.run(
        """
        import os, signal, sys
        def save(*_):
            os.write(1, b"asked to end")
            sys.exit(0)
        signal.signal(signal.SIGTERM, save)
        for _ in range(1000):
            os.write(1, b"x" * 65535 + b"\\n")
        signal.pause()
        """
    )
    assert run.status is RunStatus.STOPPED
    assert run.reason is not None and "full" in run.reason
    assert (run.exit_code, run.signal) == (0, None)
    assert [kind for kind in lab.kinds(run) if kind != "run.sealed"][-2:] == ["run.stopping", "run.ended"]
    log = lab.log(run)
    assert 1 << 20 < len(log) < SIZE
    assert set(log) == set(b"x\n")
    with Store.open(lab.home, create=False) as again:
        assert again.runs.get(run.id) == run


def test_disk_that_others_fill_stops_the_run(small_disk: Path, make_lab: Callable[[Path], Lab]) -> None:
    lab = make_lab(small_disk)
    run = lab.start(
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print("up", flush=True)
        signal.pause()
        """
    )
    lab.wait_for_output(run, b"up")
    fill(small_disk)
    ended = lab.wait(run)
    assert ended.status is RunStatus.STOPPED
    assert ended.reason is not None and "full" in ended.reason


def test_full_disk_refuses_a_start_and_harms_nothing(small_disk: Path, make_lab: Callable[[Path], Lab]) -> None:
    lab = make_lab(small_disk)
    done = lab.run("print('before')")
    filler = fill(small_disk)
    with pytest.raises(Exception, match=r"full|space"):
        lab.start("open('witness', 'w')")
    assert not (lab.project / "witness").exists()
    with Store.open(lab.home, create=False) as reader:
        assert reader.runs.get(done.id) == done
    filler.unlink()
    assert lab.run("print('after')").status is RunStatus.DONE


def test_no_room_for_the_last_words_is_no_start(small_disk: Path, make_lab: Callable[[Path], Lab]) -> None:
    lab = make_lab(small_disk)
    script = lab.script("open('witness', 'w')")
    run = lab.new_run(script)
    fill(small_disk, leave=200 << 10)
    from mlintern.runtime import launch
    from mlintern.runtime.protocol import Isolation, Limits, ProbeMode, ProbeSettings

    with pytest.raises(LaunchError, match="space"):
        launch.start(
            lab.home,
            run.id,
            lab.command(script),
            limits=Limits(),
            isolation=Isolation.NONE,
            probe=ProbeSettings(ProbeMode.OFF),
            token="the secret of the approval",
        )
    assert not (lab.project / "witness").exists()
    assert lab.wait(run).status is RunStatus.FAILED


def test_log_counts_what_did_not_fit(small_disk: Path) -> None:
    log = OutputLog(small_disk / "output.log")
    log.write(b"first\n")
    assert (log.is_full, log.lost_bytes) == (False, 0)
    log.write(bytes(SIZE))
    assert log.is_full
    assert log.size_bytes + log.lost_bytes == SIZE + 6
    log.write(b"more")
    assert log.size_bytes + log.lost_bytes == SIZE + 10
    log.close()
    assert (small_disk / "output.log").stat().st_size == log.size_bytes
