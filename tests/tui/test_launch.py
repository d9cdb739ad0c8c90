"""`mlintern-tui` from outside: bad usage, what it loads, what it leaves on the terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BANNED = {
    "numpy",
    "torch",
    "optuna",
    "sqlite_utils",
    "llama_cpp",
    "pygments",
    "markdown_it",
    "psutil",
    "pynvml",
}


def launch(*words: str, home: Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlintern.tui.launch", *words],
        capture_output=True, text=True, check=False, cwd=folder, stdin=subprocess.DEVNULL, timeout=60,
        env={**os.environ, "MLINTERN_HOME": str(home)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("gone.py",), "does not exist"),
        (("a_folder",), "is a folder"),
        (("data.bin",), "binary"),
        (("train.py", "--steps", "-3"), "positive whole number"),
        (("train.py", "--steps", "many"), "positive whole number"),
        (("train.py", "--budget", "soon"), "for example 90s"),
        (("train.py", "--python", "nowhere/python"), "no such interpreter"),
        (("--steps", "5"), "belong to a script"),
        (("--colour",), "unrecognized arguments"),
        (("train.py", "other.py"), "unrecognized arguments"),
        (("--home", "train.py"), "is a file"),
        (("train.py",), "no terminal"),
    ],
)
def test_bad_usage_is_told_in_one_line_and_ends_with_2(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    (tmp_path / "a_folder").mkdir()
    (tmp_path / "data.bin").write_bytes(b"\x7fELF\x00\x00")
    (tmp_path / "train.py").write_text("x = 1\n")
    done = launch(*words, home=tmp_path / "home", folder=tmp_path)
    assert done.returncode == 2 and told in done.stderr and done.stdout == ""
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_help_tells_what_stands_behind_the_dashes(tmp_path: Path) -> None:
    done = launch("--help", home=tmp_path)
    assert done.returncode == 0 and "goes to the script" in done.stdout


@pytest.mark.parametrize("module", ["launch", "app", "backend", "screens.home", "screens.ladder", "plain"])
def test_starting_loads_nothing_heavy(module: str) -> None:
    program = f"import mlintern.tui.{module}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()} | set(done.stdout.split())
    assert loaded & (BANNED | {"rich.markdown", "rich.syntax", "textual.widgets._markdown"}) == set()


def test_a_heavy_import_would_be_seen() -> None:
    program = "import psutil, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert BANNED & set(done.stdout.split())


def test_a_running_application_has_loaded_nothing_heavy_before_its_first_paint(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mlintern.tui.app import application\n"
        "from mlintern.tui.backend import LocalBackend\n"
        "from mlintern.store import Store\n"
        f"home = Path({str(tmp_path)!r})\n"
        "app = application(LocalBackend(home, None))\n"
        "def seen(): print(*sys.modules); app.exit()\n"
        "app._begin = seen\n"
        "app.run(headless=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout and BANNED & {name.partition(".")[0] for name in done.stdout.split()} == set()


class Terminal:
    """A real pseudo-terminal with a program in it."""

    def __init__(self, program: str, home: Path) -> None:
        script = home.with_suffix(".py")
        script.write_text(program)
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            screen = {"TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"}
            os.execve(
                sys.executable, [sys.executable, str(script)], {**os.environ, **screen, "MLINTERN_HOME": str(home)}
            )
        self.output = b""

    def read_until(self, wanted: bytes, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while wanted not in self.output:
            assert time.monotonic() < deadline, self.output[-2000:]
            self._read(0.2)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if ready:
            try:
                data = os.read(self.descriptor, 1 << 16)
            except OSError:
                return False
            self.output += data
            return bool(data)
        return True

    def type(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def end(self, seconds: float = 30.0) -> int:
        deadline = time.monotonic() + seconds
        while True:
            self._read(0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.descriptor)
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(self.output[-2000:])


CTRL_Q = b"\x11"
PROGRAM = "import sys; from mlintern.tui.launch import main; sys.exit(main([]))"
BROKEN = """
import os, sys
from mlintern.tui.app import MlinternApp
from mlintern.tui.launch import main

begin = MlinternApp._begin

def noisy(self):
    os.write(2, b"NATIVE NOISE")
    begin(self)
    {then}

MlinternApp._begin = noisy
code = main([])
os.write(2, b"TERMINAL IS BACK")
sys.exit(code)
"""


def test_in_a_terminal_it_opens_and_leaves(tmp_path: Path) -> None:
    terminal = Terminal(PROGRAM, tmp_path / "home")
    terminal.read_until(b"this machine")
    terminal.type(CTRL_Q)
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.output, "the terminal is given back as it was"


def test_native_noise_on_descriptor_2_does_not_reach_the_screen(tmp_path: Path) -> None:
    terminal = Terminal(BROKEN.format(then="pass"), tmp_path / "home")
    terminal.read_until(b"everything you climb will be here")  # that comes after the noise
    terminal.type(CTRL_Q)
    assert terminal.end() == 0
    assert b"NATIVE NOISE" not in terminal.output and b"TERMINAL IS BACK" in terminal.output
    assert (tmp_path / "home" / "face.log").read_bytes() == b"NATIVE NOISE"


def test_a_fault_of_its_own_is_said_in_a_line_and_kept_in_a_file(tmp_path: Path) -> None:
    terminal = Terminal(BROKEN.format(then="raise RuntimeError('of its own')"), tmp_path / "home")
    assert terminal.end() == 1
    assert b"face.log" in terminal.output and b"RuntimeError" not in terminal.output
    assert b"of its own" in (tmp_path / "home" / "face.log").read_bytes()


def test_without_colour_no_colour_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colour = re.compile(rb"\x1b\[[0-9;]*(?:3[0-7]|4[0-7]|38;|48;|9[0-7]|10[0-7])[0-9;]*m")
    with_colour = Terminal(PROGRAM, tmp_path / "one")
    with_colour.read_until(b"this machine")
    monkeypatch.setenv("NO_COLOR", "1")
    without = Terminal(PROGRAM, tmp_path / "two")
    without.read_until(b"this machine")
    for terminal in (with_colour, without):
        terminal.type(CTRL_Q)
        assert terminal.end() == 0
    assert colour.search(with_colour.output)
    assert not colour.search(without.output)
