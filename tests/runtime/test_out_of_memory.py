"""Running out of host memory for real: a run in a control group with a limit, watched by its supervisor."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlintern.benchmarks.control_group import UnavailableError, limited
from mlintern.runtime.guard import REPORT
from mlintern.runtime.protocol import Isolation, LaunchFile, Limits, ProbeMode, ProbeSettings, launch_text
from mlintern.store.records import Run, RunStatus

if TYPE_CHECKING:
    from conftest import Lab

MIB = 1 << 20
LIMIT = 400 * MIB

# A face that enters the group first, so that everything it starts is in it.
FACE = """
import os, sys
from pathlib import Path
Path(sys.argv[3], "cgroup.procs").write_text(str(os.getpid()))
from mlintern.runtime import launch
from mlintern.runtime.protocol import launch_from_text
file = launch_from_text(Path(sys.argv[2]).read_text())
launch.start(Path(sys.argv[1]), file.run_id, file.command, limits=file.limits, isolation=file.isolation,
             probe=file.probe, token="the secret of the approval")
"""

# Holds a little more each time it is told to; saves when it is told to, and at the end.
GROWS = """
import os, signal, sys
def save(number, frame):
    os.write(1, b"saved\\n" if number == signal.SIGUSR1 else b"saved at the end\\n")
    if number == signal.SIGTERM:
        os._exit(0)
signal.signal(signal.SIGUSR1, save)
signal.signal(signal.SIGTERM, save)
held = []
print("up", flush=True)
with open("words") as words:
    for word in words:
        held.append(b"x" * (int(word) << 20))
print("not stopped", flush=True)
"""


@pytest.fixture
def group() -> Iterator[Path]:
    try:
        with limited(LIMIT) as folder:
            yield folder
    except UnavailableError as error:
        pytest.skip(f"no control group can be made here: {error}")


def start_in(group: Path, lab: Lab, text: str, limits: Limits = Limits(grace_seconds=2)) -> Run:  # noqa: B008  # frozen
    os.mkfifo(lab.project / "words")
    run = lab.new_run(lab.script(text))
    file = LaunchFile(
        run.id, lab.command(lab.project / "train.py"), limits, Isolation.NONE, ProbeSettings(ProbeMode.OFF)
    )
    path = lab.home / "launch of the test.json"
    path.write_text(launch_text(file))
    subprocess.run([sys.executable, "-c", FACE, lab.home, path, group], check=True)
    lab.wait_for_output(run, b"up")
    return lab.store.runs.get(run.id)


def test_a_leak_is_told_saved_and_stopped_before_the_kernel_kills(
    lab: Lab, group: Path, wait_until: Callable[..., None]
) -> None:
    """It grows by as much between any two looks of the watcher, however long they are apart."""
    run = start_in(group, lab, GROWS)
    with (lab.project / "words").open("w") as words:
        seen = 0
        while not lab.store.runs.get(run.id).status.is_over:
            words.write("12\n")
            try:
                words.flush()
            except BrokenPipeError:
                break
            wait_until(
                lambda seen=seen: len(lab.store.samples.for_run(run.id)) > seen
                or lab.store.runs.get(run.id).status.is_over,
                "another look",
            )
            seen = len(lab.store.samples.for_run(run.id))
    ended = lab.wait(run)
    told = [event.data for event in lab.events(run) if event.kind == "run.memory"]
    assert [one["level"] for one in told if one["level"] != "warning"] == ["saving"]
    first = told[0]
    assert (first["level"], first["resource"], first["cause"]) == ("warning", "host", "host leak")
    assert 0.6 * LIMIT < first["used_bytes"] < 0.95 * LIMIT and first["seconds_left"] > 0
    assert "control group" in first["words"] and "training process itself grew" in first["words"]
    assert ended.status is RunStatus.STOPPED
    assert ended.reason is not None and ended.reason.startswith("memory: stopped before it ran out")
    assert lab.log(run).split(b"\n")[1:3] == [b"saved", b"saved at the end"]
    report = lab.store.reports.get(run.id, REPORT)
    assert report is not None and report["kills"] == 0 and report["group_limit_bytes"] == LIMIT


def test_a_jump_is_killed_by_the_kernel_and_the_record_says_so(lab: Lab, group: Path) -> None:
    run = start_in(group, lab, GROWS)
    with (lab.project / "words").open("w") as words:
        words.write("1000\n")
    ended = lab.wait(run)
    assert (ended.status, ended.signal) == (RunStatus.FAILED, 9)
    assert ended.reason == "killed by the kernel: nothing was left of its control group's 400 MiB (SIGKILL)"
    report = lab.store.reports.get(run.id, REPORT)
    assert report is not None and report["kills"] == 1 and report["kills_of_group"]
    assert "run.memory" not in lab.kinds(run)


def test_what_fits_is_let_alone(lab: Lab, group: Path) -> None:
    """Ends by itself at two thirds of the limit."""
    run = start_in(group, lab, GROWS)
    with (lab.project / "words").open("w") as words:
        words.write("200\n")
    ended = lab.wait(run)
    assert (ended.status, ended.reason) == (RunStatus.DONE, None)
    assert lab.log(run) == b"up\nnot stopped\n"
    assert "run.memory" not in lab.kinds(run)
    sample = lab.store.samples.latest(run.id)
    assert sample is not None and sample.host_available_bytes < LIMIT
