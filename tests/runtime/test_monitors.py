"""What a run uses of the machine is measured right, once, and at little cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlintern.runtime import launch
from mlintern.runtime.host import HostMonitor
from mlintern.runtime.protocol import Isolation, ProbeMode, ProbeSettings

if TYPE_CHECKING:
    from conftest import Lab

MIB = 1 << 20


class Program:
    """A process that stands for the keeper: it obeys one line at a time."""

    def __init__(self) -> None:
        code = (
            "import os, sys, time\n"
            "for line in sys.stdin:\n"
            "    exec(line.strip().replace(';;', '\\n'))\n"
            "    print('done', flush=True)\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, line: str) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


CHILD = (
    "import subprocess, sys;;child = subprocess.Popen([sys.executable, '-c', '''{}'''],"
    " stdin=subprocess.PIPE, stdout=subprocess.PIPE);;child.stdout.readline()"
)


@pytest.fixture
def keeper() -> Iterator[Program]:
    program = Program()
    yield program
    program.process.kill()
    program.process.communicate()


def test_only_what_is_below_the_keeper_counts(keeper: Program) -> None:
    monitor = HostMonitor(keeper.process.pid)
    assert monitor.look().pids == frozenset()
    keeper.do("held = b'x' * (50 << 20)")
    assert monitor.look().host_bytes == 0
    keeper.do(CHILD.format("held = b'x' * (40 << 20); print('up', flush=True); input()"))
    use = monitor.look()
    assert len(use.pids) == 1
    assert 40 * MIB < use.host_bytes < 80 * MIB
    assert use.available_bytes > 0


def test_memory_that_processes_share_counts_once(keeper: Program) -> None:
    keeper.do(
        CHILD.format(
            "import os;held = b'x' * (64 << 20);r, w = os.pipe();"
            "kids = [os.fork() or (held[::4096], os.write(w, b'k'), os.read(0, 1), os._exit(0)) for _ in range(3)];"
            "[os.read(r, 1) for _ in kids];print('up', flush=True);os.read(0, 1)"
        )
    )
    use = HostMonitor(keeper.process.pid).look()
    assert len(use.pids) == 4
    assert 64 * MIB < use.host_bytes < 128 * MIB


def test_what_ended_processes_used_is_kept(keeper: Program, tmp_path: Path) -> None:
    monitor = HostMonitor(keeper.process.pid)
    keeper.do(
        CHILD.format(
            "import os, time;t = time.process_time()\\nwhile time.process_time() < t + 0.3: pass\\n"
            f"f = open('{tmp_path}/out', 'wb');f.write(bytes(5 << 20));f.flush();os.fsync(f.fileno());"
            "print('up', flush=True);input()"
        )
    )
    during = monitor.look()
    assert during.cpu_seconds >= 0.3
    keeper.do("child.communicate(b'\\n')")
    after = monitor.look()
    assert after.pids == frozenset()
    assert after.cpu_seconds >= 0.3
    assert after.disk_written_bytes >= during.disk_written_bytes


def test_a_look_is_cheap(keeper: Program) -> None:
    keeper.do(CHILD.format("print('up', flush=True); input()"))
    monitor = HostMonitor(keeper.process.pid)
    monitor.look()
    started = time.process_time()
    for _ in range(20):
        monitor.look()
    # Twenty looks are twenty seconds of watching: a tenth of a second would be half a percent of a core.
    assert time.process_time() - started < 0.2


def test_supervisor_is_small_and_idle(lab: Lab, wait_until: Callable[..., None]) -> None:
    run = lab.start(
        """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print("up", flush=True)
        while True:
            time.sleep(0.2)
            print("epoch 1 loss 0.5", flush=True)
        """
    )
    lab.wait_for_output(run, b"up")
    wait_until(lambda: len(lab.store.samples.for_run(run.id)) >= 4, "the first samples")
    before, began = processor_seconds(run.supervisor_pid), time.monotonic()
    seen = len(lab.store.samples.for_run(run.id))
    wait_until(lambda: len(lab.store.samples.for_run(run.id)) >= seen + 3, "three more samples")
    share = (processor_seconds(run.supervisor_pid) - before) / (time.monotonic() - began)
    pages = int(Path(f"/proc/{run.supervisor_pid}/statm").read_text().split()[1])
    loaded = Path(f"/proc/{run.supervisor_pid}/maps").read_text()
    launch.stop(lab.store, run.id)
    lab.wait(run)
    assert share < 0.03, f"{share:.1%} of a core"
    assert pages * os.sysconf("SC_PAGE_SIZE") < 48 * MIB
    assert "torch" not in loaded and "numpy" not in loaded


def test_supervisor_imports_nothing_heavy() -> None:
    code = (
        "import sys, mlintern.runtime.supervisor\n"
        "print([m for m in ('torch', 'numpy', 'textual', 'optuna', 'sqlite_utils', 'pynvml', 'asyncio')"
        " if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout == b"[]\n"


@pytest.mark.parametrize("isolation", [Isolation.NONE, Isolation.OVERLAY, Isolation.LANDLOCK])
def test_start_is_fast(lab: Lab, isolation: Isolation) -> None:
    """From the call until the script runs; the best of three, for the machine may be busy."""
    from mlintern.store.records import RungName

    rung = RungName.FULL if isolation is Isolation.NONE else RungName.REHEARSAL
    took = []
    for _ in range(3):
        began = time.monotonic()
        run = lab.start("", rung=rung, isolation=isolation, probe=ProbeSettings(ProbeMode.OFF))
        took.append(time.monotonic() - began)
        lab.wait(run)
    assert min(took) < 1.0


def processor_seconds(pid: int | None) -> float:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
