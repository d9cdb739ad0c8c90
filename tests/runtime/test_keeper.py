"""Nothing below a keeper outlives it, its supervisor, or the run; whatever it forks, and whichever session it joins."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

# A script with a whole family, deaf to SIGTERM: a plain child, one in its own session, and a double-forked orphan.
FAMILY = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def tell(name):
    os.write(1, f"{name} {os.getpid()}\\n".encode())
def live():
    while True:
        signal.pause()
if os.fork() == 0:
    tell("child"); live()
if os.fork() == 0:
    os.setsid(); tell("session"); live()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        tell("orphan"); live()
    os._exit(0)
tell("script")
live()
"""


class Kept:
    """A keeper with its pipes, as the supervisor holds them."""

    def __init__(self, arguments: list[str], folder: Path, attempts: tuple[str, ...] = ("none",)) -> None:
        self._output, output = os.pipe()
        events_reader, events = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mlintern.runtime.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(output, events),
        )
        orders: dict[str, Any] = {
            "arguments": arguments,
            "working_dir": str(folder),
            "environment": dict(os.environ),
            "attempts": [{"isolation": name, "environment": {}} for name in attempts],
            "scratch": str(folder / "scratch"),
            "folders": [str(folder)],
            "output_fd": output,
            "events_fd": events,
        }
        self.say(json.dumps(orders))
        for descriptor in (output, events, events_reader):
            os.close(descriptor)
        self.output = os.fdopen(self._output, "rb")

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the keeper ended without another word"
        words: dict[str, Any] = json.loads(line)
        return words

    def family(self) -> dict[str, int]:
        members = dict(self.output.readline().decode().split() for _ in range(4))
        return {name: int(pid) for name, pid in members.items()}

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()
        self.output.close()


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[..., Kept]]:
    kept: list[Kept] = []

    def start(text: str, **options: Any) -> Kept:
        script = tmp_path / "script.py"
        script.write_text(dedent(text))
        kept.append(Kept([sys.executable, "-u", str(script)], tmp_path, **options))
        return kept[-1]

    yield start
    for one in kept:
        one.close()


def test_everything_dies_when_the_supervisor_is_gone(
    keep: Callable[..., Kept], wait_for_process: Callable[..., None]
) -> None:
    kept = keep(FAMILY)
    members = kept.family()
    assert kept.process.stdin is not None
    kept.process.stdin.close()  # what the kernel does when the supervisor dies
    for pid in members.values():
        wait_for_process(pid)
    assert kept.process.wait(30) == 0


def test_kill_leaves_nobody(keep: Callable[..., Kept], wait_for_process: Callable[..., None]) -> None:
    kept = keep(FAMILY)
    members = kept.family()
    assert kept.hear()["e"] == "started"
    kept.say("kill")
    assert kept.hear() == {"e": "exited", "status": signal.SIGKILL}
    assert kept.hear()["e"] == "gone"
    for pid in members.values():
        wait_for_process(pid)


def test_script_is_killed_by_the_kernel_when_the_keeper_is(
    keep: Callable[..., Kept], wait_for_process: Callable[..., None]
) -> None:
    kept = keep("import signal; print('up'); signal.pause()")
    started = kept.hear()
    assert kept.output.readline() == b"up\n"
    kept.process.kill()
    wait_for_process(started["pid"])


def test_terminate_asks_the_script_alone(keep: Callable[..., Kept]) -> None:
    kept = keep(
        """
        import os, signal, sys
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(1, b"child up\\n")
            signal.pause()
        def leave(*_):
            alive = os.waitpid(child, os.WNOHANG) == (0, 0)
            print("saved, child alive:", alive)
            sys.exit(7)
        signal.signal(signal.SIGTERM, leave)
        os.write(1, b"up\\n")
        signal.pause()
        """
    )
    assert sorted(kept.output.readline() for _ in range(2)) == [b"child up\n", b"up\n"]
    assert kept.hear()["e"] == "started"
    kept.say("terminate")
    assert kept.output.readline() == b"saved, child alive: True\n"
    assert os.waitstatus_to_exitcode(kept.hear()["status"]) == 7
    assert kept.hear()["e"] == "gone"


def test_leftovers_end_with_the_script(keep: Callable[..., Kept], wait_for_process: Callable[..., None]) -> None:
    kept = keep(FAMILY.replace('tell("script")\nlive()', 'tell("script")\nsys.exit(0)'))
    members = kept.family()
    assert kept.hear()["e"] == "started"
    assert kept.hear() == {"e": "exited", "status": 0}
    assert kept.hear()["e"] == "gone"
    for pid in members.values():
        wait_for_process(pid)


def test_processor_time_of_the_whole_family_is_counted(keep: Callable[..., Kept]) -> None:
    kept = keep(
        """
        import os, time
        def work():
            while time.process_time() < 0.3:
                pass
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                work()
            os._exit(0)
        work()
        os.wait()
        """
    )
    assert [kept.hear()["e"], kept.hear()["e"]] == ["started", "exited"]
    gone = kept.hear()
    # The orphan is ended once the script is: only what it had used until then counts.
    assert gone["cpu_seconds"] >= 0.3
    assert gone["largest_bytes"] > 1 << 20


def test_interpreter_that_does_not_exist(tmp_path: Path) -> None:
    kept = Kept([str(tmp_path / "no-python")], tmp_path)
    said = kept.hear()
    assert said["e"] == "failed"
    assert "no-python" in said["what"] and "No such file" in said["what"]
    kept.close()


def test_working_folder_that_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    kept = Kept([sys.executable, "-c", ""], folder)
    said = kept.hear()
    assert said["e"] == "failed"
    assert str(folder) in said["what"]
    kept.close()


def test_isolation_that_is_not_granted_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").write_text("a file where the layers would go")
    kept = Kept([sys.executable, "-c", ""], tmp_path, attempts=("overlay", "landlock", "none"))
    said = kept.hear()
    assert (said["e"], said["isolation"]) == ("started", "none")
    assert set(said["refused"]) == {"overlay", "landlock"}
    kept.close()


def test_script_starts_with_usual_signals_and_few_descriptors(keep: Callable[..., Kept]) -> None:
    kept = keep(
        """
        import os, signal
        print([s.name for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD)
               if signal.getsignal(s) is signal.SIG_IGN])
        print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        print(os.read(0, 1), os.getsid(0) == os.getpid())
        print(len([fd for fd in os.listdir("/proc/self/fd")]))
        """
    )
    assert kept.output.readline() == b"[]\n"
    assert kept.output.readline() == b"set()\n"
    assert kept.output.readline() == b"b'' True\n"
    # Standard input, output and error, the probe's pipe, and the listing's own.
    assert kept.output.readline() == b"5\n"
