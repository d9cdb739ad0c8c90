"""Whoever is killed, whenever: the run goes on or dies as promised, and the record comes to tell the truth."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlintern.runtime import launch, processes
from mlintern.runtime.last_words import LastWords
from mlintern.runtime.launch import LaunchError
from mlintern.runtime.protocol import Isolation
from mlintern.store import Store
from mlintern.store.records import Run, RungName, RunStatus

if TYPE_CHECKING:
    from conftest import Lab

FAMILY = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(1, b"orphan %d\\n" % os.getpid())
        while True:
            signal.pause()
    os._exit(0)
os.wait()
os.write(1, b"script %d\\n" % os.getpid())
while True:
    signal.pause()
"""

# A face, as its own program: starts the run that the launch file describes, says so, and waits to be killed.
FACE = """
import sys, signal
from pathlib import Path
from mlintern.runtime import launch
from mlintern.runtime.protocol import launch_from_text
file = launch_from_text(Path(sys.argv[2]).read_text())
launch.start(Path(sys.argv[1]), file.run_id, file.command, limits=file.limits, isolation=file.isolation,
             probe=file.probe, token="the secret of the approval")
print("started", flush=True)
signal.pause()
"""

WAITS_FOR_A_WORD = """
import pathlib, sys
print("up", flush=True)
with open("word") as word:
    print("heard", word.read())
"""


@pytest.fixture
def prepared(lab: Lab) -> tuple[Run, Path]:
    """A run that a face is to start, and the file that tells it how."""
    from mlintern.runtime.protocol import Isolation, LaunchFile, Limits, ProbeMode, ProbeSettings, launch_text

    script = lab.script(WAITS_FOR_A_WORD)
    os.mkfifo(lab.project / "word")
    run = lab.new_run(script)
    file = LaunchFile(run.id, lab.command(script), Limits(), Isolation.NONE, ProbeSettings(ProbeMode.OFF))
    path = lab.home / "launch of the test.json"
    path.write_text(launch_text(file))
    return run, path


def family(lab: Lab, run: Run) -> dict[str, int]:
    lab.wait_for_output(run, b"script")
    lab.wait_for_output(run, b"orphan")
    return {name: int(pid) for name, pid in (line.split() for line in lab.log(run).decode().splitlines())}


def test_face_killed(lab: Lab, prepared: tuple[Run, Path]) -> None:
    run, file = prepared
    face = subprocess.Popen(
        [sys.executable, "-c", FACE, lab.home, file], stdout=subprocess.PIPE, start_new_session=True
    )
    assert face.stdout is not None
    with face:
        assert face.stdout.readline() == b"started\n"
        os.killpg(face.pid, signal.SIGKILL)
    (lab.project / "word").write_text("after the face was killed")
    ended = lab.wait(run)
    assert ended.status is RunStatus.DONE
    assert lab.log(run) == b"up\nheard after the face was killed\n"


def test_terminal_closed(lab: Lab, prepared: tuple[Run, Path]) -> None:
    run, file = prepared
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", FACE, str(lab.home), str(file)])
    said = b""
    while b"started" not in said:
        said += os.read(terminal, 1024)
    assert termios.tcgetattr(terminal)
    os.close(terminal)  # the face gets SIGHUP and ends
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGHUP
    (lab.project / "word").write_text("after the terminal was closed")
    assert lab.wait(run).status is RunStatus.DONE
    assert lab.log(run) == b"up\nheard after the terminal was closed\n"


def test_supervisor_killed(lab: Lab, wait_for_process: Callable[..., None]) -> None:
    run = lab.start(FAMILY)
    members = family(lab, run)
    assert run.supervisor_pid is not None
    os.kill(run.supervisor_pid, signal.SIGKILL)
    for pid in members.values():
        wait_for_process(pid)
    assert lab.wait(run).status is RunStatus.RUNNING
    (ended,) = launch.reconcile(lab.store)
    assert (ended.id, ended.status) == (run.id, RunStatus.LOST)
    assert ended.reason is not None and str(run.supervisor_pid) in ended.reason
    assert lab.kinds(run)[-1] == "run.ended"
    assert launch.reconcile(lab.store) == ()


def test_supervisor_and_keeper_killed_at_once(lab: Lab, wait_for_process: Callable[..., None]) -> None:
    """Nobody is left to kill the orphan, until the next start looks for it."""
    run = lab.start(FAMILY)
    members = family(lab, run)
    assert run.supervisor_pid is not None
    keeper = parent_of(members["script"])
    os.kill(keeper, signal.SIGSTOP)
    os.kill(run.supervisor_pid, signal.SIGKILL)
    os.kill(keeper, signal.SIGKILL)
    lab.wait(run)
    wait_for_process(members["script"])
    assert processes.started_at(members["orphan"]) is not None
    (ended,) = launch.reconcile(lab.store)
    assert ended.status is RunStatus.LOST
    wait_for_process(members["orphan"], seconds=0.0)


@pytest.mark.parametrize("victims", ["supervisor", "supervisor and keeper", "keeper"])
def test_temporary_files_go_whoever_is_killed(lab: Lab, victims: str, wait_until: Callable[..., None]) -> None:
    run = lab.start(
        "import os, signal, tempfile; print('in', tempfile.mkdtemp(), flush=True); signal.pause()",
        rung=RungName.REHEARSAL,
        ceiling=None,
        token=None,
        isolation=Isolation.AUDIT,
    )
    lab.wait_for_output(run, b"\n")
    folder = Path(lab.log(run).decode().split()[1]).parent
    assert folder.is_dir()
    assert run.supervisor_pid is not None
    (script,) = processes.of_run(run.folder)
    keeper = parent_of(script)
    if "keeper" in victims:
        os.kill(keeper, signal.SIGSTOP)
    if "supervisor" in victims:
        os.kill(run.supervisor_pid, signal.SIGKILL)
    if "keeper" in victims:
        os.kill(keeper, signal.SIGKILL)
    lab.wait(run)
    launch.reconcile(lab.store)
    assert lab.store.runs.get(run.id).status.is_over
    wait_until(lambda: not folder.exists(), "the folder to go")


def test_keeper_killed(lab: Lab, wait_for_process: Callable[..., None]) -> None:
    run = lab.start(FAMILY)
    members = family(lab, run)
    os.kill(parent_of(members["script"]), signal.SIGKILL)
    ended = lab.wait(run)
    assert ended.status is RunStatus.FAILED
    assert ended.reason is not None and "kept the training" in ended.reason
    for pid in members.values():
        wait_for_process(pid)


def test_training_killed(lab: Lab) -> None:
    run = lab.start(FAMILY)
    os.kill(family(lab, run)["script"], signal.SIGKILL)
    ended = lab.wait(run)
    assert (ended.status, ended.signal, ended.exit_code) == (RunStatus.FAILED, 9, None)
    assert ended.reason == "ended by SIGKILL: someone killed it, or the machine had no memory left"


def test_hang_up_and_interrupt_do_not_end_a_supervisor(lab: Lab) -> None:
    run = lab.start("import signal; print('up', flush=True); signal.pause()")
    assert run.supervisor_pid is not None
    lab.wait_for_output(run, b"up")
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        os.kill(run.supervisor_pid, number)
    launch.stop(lab.store, run.id)
    assert lab.wait(run).status is RunStatus.STOPPED


def test_stop_of_a_run_whose_supervisor_is_gone_records_the_truth(lab: Lab) -> None:
    run = lab.start(FAMILY)
    family(lab, run)
    assert run.supervisor_pid is not None
    os.kill(run.supervisor_pid, signal.SIGKILL)
    lab.wait(run)
    with pytest.raises(LaunchError, match="lost"):
        launch.stop(lab.store, run.id)


def test_crash_between_approval_and_start(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The face died after it had made the run: soon nobody takes it for one that is about to start."""
    run = lab.new_run(lab.script("open('witness', 'w')"))
    assert launch.reconcile(lab.store) == ()
    monkeypatch.setattr("mlintern.runtime.launch.time.time", lambda: run.created_at + 60)
    (ended,) = launch.reconcile(lab.store)
    assert (ended.status, ended.reason) == (RunStatus.LOST, "it was never started")
    (approval,) = lab.store.approvals.for_experiment(run.experiment_id)
    assert approval.used_by_run_id is None
    assert not (lab.project / "witness").exists()


def test_two_faces_reconcile_at_once(lab: Lab) -> None:
    run = lab.start(FAMILY)
    family(lab, run)
    assert run.supervisor_pid is not None
    os.kill(run.supervisor_pid, signal.SIGKILL)
    lab.wait(run)
    code = (
        "import sys; from pathlib import Path; from mlintern.store import Store; from mlintern.runtime import launch\n"
        "with Store.open(Path(sys.argv[1]), create=False) as store:\n"
        "    print(len(launch.reconcile(store)))"
    )
    faces = [
        subprocess.Popen([sys.executable, "-c", code, lab.home], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert sorted(int(face.communicate()[0]) for face in faces) == [0, 1]
    assert lab.kinds(run).count("run.ended") == 1


def test_last_words_of_a_supervisor_with_a_full_disk_are_heard(lab: Lab) -> None:
    run = lab.start(FAMILY)
    family(lab, run)
    assert run.supervisor_pid is not None
    LastWords(run.folder).say({"status": "stopped", "reason": "the disk was full", "wall_seconds": 4.5})
    os.kill(run.supervisor_pid, signal.SIGKILL)
    lab.wait(run)
    (ended,) = launch.reconcile(lab.store)
    assert (ended.status, ended.reason, ended.wall_seconds) == (RunStatus.STOPPED, "the disk was full", 4.5)


def test_another_process_with_the_pid_is_not_mistaken_for_the_supervisor(lab: Lab) -> None:
    run = lab.new_run(lab.script(""))
    lab.store.runs.update(run.id, supervisor_pid=os.getpid(), supervisor_started=1.0, status=RunStatus.RUNNING)
    with pytest.raises(LaunchError, match="no supervisor"):
        launch.stop(lab.store, run.id)  # would have ended the tests
    assert lab.store.runs.get(run.id).status is RunStatus.LOST
    lab.store.runs.update(run.id, supervisor_pid=None)


def test_zombie_counts_as_ended() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert processes.started_at(child) is None
    os.waitpid(child, 0)
    assert processes.started_at(os.getpid()) is not None


JUMPS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* The wall clock is off by as many seconds as the file says; the other clocks are left alone. */
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    FILE *file = clock == CLOCK_REALTIME ? fopen(getenv("CLOCK_OFFSET"), "r") : NULL;
    long offset = 0;
    if (file) { if (fscanf(file, "%ld", &offset) == 1) now->tv_sec += offset; fclose(file); }
    return result;
}
"""


def test_clock_that_jumps(
    lab: Lab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    compile_c: Callable[..., Path],
    wait_until: Callable[..., None],
) -> None:
    source = tmp_path / "jumps.c"
    source.write_text(JUMPS)
    offset = tmp_path / "offset"
    offset.write_text("0")
    monkeypatch.setenv("CLOCK_OFFSET", str(offset))
    monkeypatch.setenv("LD_PRELOAD", str(compile_c(source, "jumps.so")))
    run = lab.start(WAITS_FOR_A_WORD.replace("import pathlib", "import os; os.mkfifo('word'); import time"))
    monkeypatch.delenv("LD_PRELOAD")
    lab.wait_for_output(run, b"up")
    for jump in ("400000", "-400000"):
        offset.write_text(jump)
        seen = len(lab.store.samples.for_run(run.id))
        wait_until(lambda seen=seen: len(lab.store.samples.for_run(run.id)) > seen, "another sample")
        monkeypatch.setattr("mlintern.runtime.launch.time.time", lambda jump=jump: run.created_at + int(jump))
        assert launch.reconcile(lab.store) == ()
    (lab.project / "word").write_text("through it all")
    ended = lab.wait(run)
    assert ended.status is RunStatus.DONE
    assert ended.wall_seconds is not None and 0 < ended.wall_seconds < 60
    elapsed = [sample.elapsed_seconds for sample in lab.store.samples.for_run(run.id)]
    assert elapsed == sorted(elapsed) and elapsed[-1] < 60
    # The clock did jump for the supervisor.
    assert ended.ended_at is not None and ended.ended_at < run.created_at - 300_000


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])


def test_launch_file_holds_what_was_asked(lab: Lab) -> None:
    run = lab.run("")
    data = json.loads((run.folder / "launch.json").read_text())
    assert data["run_id"] == run.id
    assert (run.folder / "launch.json").stat().st_mode & 0o077 == 0
    with suppress(FileNotFoundError), Store.open(lab.home) as store:
        assert store.runs.get(run.id).folder == run.folder
