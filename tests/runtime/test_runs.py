"""Runs from start to end, as a face sees them: what they print, how they end, and what is remembered."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlintern.runtime import launch
from mlintern.runtime.launch import LaunchError
from mlintern.runtime.protocol import Isolation, Limits, ProbeMode, ProbeSettings
from mlintern.store import Store
from mlintern.store.records import RungName, RunStatus

if TYPE_CHECKING:
    from conftest import Lab

OFF = ProbeSettings(ProbeMode.OFF)
TOKEN = "the secret of the approval"


def test_run_that_ends_well(lab: Lab) -> None:
    run = lab.run("import sys; print('out'); print('err', file=sys.stderr); print('loss 0.25 at step 7')")
    assert (run.status, run.reason, run.exit_code, run.signal) == (RunStatus.DONE, None, 0, None)
    assert lab.log(run) == b"out\nerr\nloss 0.25 at step 7\n"
    assert run.isolation == "none"
    assert run.ceiling_seconds == 120.0
    assert run.wall_seconds is not None and 0 < run.wall_seconds < 60
    assert run.cpu_seconds is not None and run.cpu_seconds > 0
    assert run.peak_host_bytes is not None and run.peak_host_bytes > 1 << 20
    assert run.started_at is not None and run.ended_at is not None and run.started_at <= run.ended_at
    assert lab.kinds(run) == ["approval.used", "run.started", "run.sealed", "run.ended"]
    assert lab.store.metrics.last(run.id)["printed/loss"].value == 0.25
    assert sorted(path.name for path in run.folder.iterdir()) == ["launch.json", "output.log", "supervisor.log"]
    assert (run.folder / "supervisor.log").read_bytes() == b""


def test_log_is_searchable(lab: Lab) -> None:
    run = lab.run("print('a quetzalcoatl among the lines'); print('x' * 200_000); print('and an axolotl')")
    assert [hit.run_id for hit in lab.store.logs.search("quetzalcoatl")] == [run.id]
    (hit,) = lab.store.logs.search("axolotl")
    assert b"axolotl" in lab.log(run)[hit.offset :]
    assert lab.store.logs.search("jabberwocky") == ()


@pytest.mark.parametrize(
    ("text", "exit_code", "signal", "words"),
    [
        ("raise SystemExit(3)", 3, None, "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", None, 9, "SIGKILL"),
        ("import os; os.kill(os.getpid(), 11)", None, 11, "memory access"),
        ("import os; os.abort()", None, 6, "SIGABRT"),
        ("this is no python", 1, None, "exit code 1"),
    ],
    ids=["exit", "kill", "segv", "abort", "syntax"],
)
def test_run_that_fails(lab: Lab, text: str, exit_code: int | None, signal: int | None, words: str) -> None:
    run = lab.run(text)
    assert (run.status, run.exit_code, run.signal) == (RunStatus.FAILED, exit_code, signal)
    assert run.reason is not None and words in run.reason
    (*_, last) = lab.events(run)
    assert (last.kind, last.data["status"], last.data["reason"]) == ("run.ended", "failed", run.reason)


def test_interpreter_that_does_not_exist(lab: Lab) -> None:
    with pytest.raises(LaunchError, match="no-python"):
        lab.start("", python=lab.project / "no-python")
    (run,) = lab.store.runs.page("")
    ended = lab.wait(run.run)
    assert ended.status is RunStatus.FAILED
    assert ended.reason is not None and "no-python" in ended.reason
    assert (ended.wall_seconds, ended.started_at, ended.exit_code) == (None, None, None)


def test_interpreter_that_is_none(lab: Lab) -> None:
    (lab.project / "python").write_text("no program")
    (lab.project / "python").chmod(0o755)
    with pytest.raises(LaunchError, match="python"):
        lab.start("", python=lab.project / "python")


def test_working_folder_in_which_modules_shadow_ours(lab: Lab) -> None:
    for name in ("json", "selectors", "psutil", "store", "signal"):
        (lab.project / f"{name}.py").write_text("raise ImportError('the wrong module')")
    here = Path.cwd()
    os.chdir(lab.project)
    try:
        run = lab.run("print('fine')")
    finally:
        os.chdir(here)
    assert run.status is RunStatus.DONE, (run.folder / "supervisor.log").read_text()


def test_output_is_kept_byte_for_byte(lab: Lab) -> None:
    run = lab.run(
        r"""
        import os
        os.write(1, bytes(range(256)) * 300)
        os.write(2, b"\x1b]0;title\x07\x1b[2J\xff\xfe\xc3(\r\n\0no newline at the end")
        """
    )
    expected = bytes(range(256)) * 300 + b"\x1b]0;title\x07\x1b[2J\xff\xfe\xc3(\r\n\0no newline at the end"
    assert lab.log(run) == expected
    assert run.status is RunStatus.DONE


def test_million_lines_are_kept_fast_and_in_little_memory(lab: Lab) -> None:
    run = lab.start(
        """
        import sys
        for start in range(0, 1_000_000, 1000):
            sys.stdout.write("".join(f"line {n} of many, loss 0.5\\n" for n in range(start, start + 1000)))
        sys.stdout.flush()
        sys.stdin.read()
        import signal
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print("the end")
        signal.pause()
        """
    )
    lab.wait_for_output(run, b"the end\n")
    resident = resident_bytes(run.supervisor_pid)
    launch.stop(lab.store, run.id)
    lab.wait(run)
    lines = lab.log(run).splitlines()
    assert lines == [*(b"line %d of many, loss 0.5" % n for n in range(1_000_000)), b"the end"]
    assert resident < 80 << 20


def test_two_starts_of_the_same_run(lab: Lab) -> None:
    script = lab.script("open('witness', 'a').write('x')")
    run = lab.new_run(script)
    refused: list[str] = []
    gate = threading.Barrier(2)

    def start() -> None:
        gate.wait()
        try:
            launch.start(
                lab.home,
                run.id,
                lab.command(script),
                limits=Limits(),
                isolation=Isolation.NONE,
                probe=OFF,
                token=TOKEN,
            )
        except LaunchError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = lab.wait(run)
    assert len(refused) == 1 and "started before" in refused[0]
    assert ended.status is RunStatus.DONE
    assert (lab.project / "witness").read_text() == "x"
    assert lab.kinds(run).count("run.started") == 1


def test_start_of_a_run_that_is_over(lab: Lab) -> None:
    script = lab.script("")
    run = lab.run("")
    options = {"limits": Limits(), "isolation": Isolation.NONE, "probe": OFF, "token": TOKEN}
    with pytest.raises(LaunchError, match="done"):
        launch.start(lab.home, run.id, lab.command(script), **options)  # type: ignore[arg-type]
    assert lab.store.runs.get(run.id) == run


def test_stop_lets_the_script_save(lab: Lab) -> None:
    run = lab.start(
        """
        import signal, sys
        def save(*_):
            open("checkpoint", "w").write("saved")
            sys.exit(0)
        signal.signal(signal.SIGTERM, save)
        print("up")
        signal.pause()
        """
    )
    lab.wait_for_output(run, b"up")
    launch.stop(lab.store, run.id)
    ended = lab.wait(run)
    assert (ended.status, ended.reason, ended.exit_code) == (RunStatus.STOPPED, "stopped on request", 0)
    assert (lab.project / "checkpoint").read_text() == "saved"
    assert [kind for kind in lab.kinds(run) if kind != "run.stop"] == [
        "approval.used",
        "run.started",
        "run.stopping",
        "run.sealed",
        "run.ended",
    ]
    with pytest.raises(LaunchError, match="over already"):
        launch.stop(lab.store, run.id)


def test_script_that_ignores_the_request_is_killed_after_the_grace(lab: Lab) -> None:
    run = lab.start(
        """
        import os, signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork():
            print("up")
        while True:
            signal.pause()
        """,
        limits=Limits(grace_seconds=0.3),
    )
    lab.wait_for_output(run, b"up")
    launch.stop(lab.store, run.id)
    ended = lab.wait(run)
    assert (ended.status, ended.signal) == (RunStatus.STOPPED, 9)


def test_environment_is_the_faces_with_the_changes(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("REMOVED", "1")
    lab.environment = {"REMOVED": None, "ADDED": "ünï"}
    run = lab.run("import os; print([os.environ.get(n) for n in ('KEPT', 'REMOVED', 'ADDED')])")
    assert lab.log(run).decode() == "['1', None, 'ünï']\n"


def test_module_is_run_as_a_module(lab: Lab) -> None:
    package = lab.project / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    script = package / "train.py"
    script.write_text("print(__name__, __package__)")
    run = lab.new_run(script)
    command = lab.command(script)
    command = type(command)(command.python, script, "package.train", (), lab.project, {})
    options = {"limits": Limits(), "isolation": Isolation.NONE, "probe": OFF, "token": TOKEN}
    launch.start(lab.home, run.id, command, **options)  # type: ignore[arg-type]
    lab.wait(run)
    assert lab.log(run) == b"__main__ package\n"


def test_run_is_followed_through_the_store_from_anywhere(lab: Lab) -> None:
    run = lab.start(
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print("up", flush=True)
        signal.pause()
        """
    )
    with Store.open(lab.home, create=False) as elsewhere:
        seen = elsewhere.runs.get(run.id)
        assert seen.status is RunStatus.RUNNING
        assert launch.reconcile(elsewhere) == ()
        lab.wait_for_output(run, b"up")
        launch.stop(elsewhere, run.id)
    assert lab.wait(run).status is RunStatus.STOPPED


def test_run_without_a_place_in_the_database(lab: Lab) -> None:
    script = lab.script("")
    run = lab.new_run(script, rung=RungName.REHEARSAL, ceiling=None)
    (run.folder / "launch.json").mkdir()
    with pytest.raises(LaunchError, match=r"launch\.json"):
        launch.start(
            lab.home,
            run.id,
            lab.command(script, python=Path(sys.executable)),
            limits=Limits(),
            isolation=Isolation.AUDIT,
            probe=OFF,
            token=None,
        )


def resident_bytes(pid: int | None) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
