"""What the application costs: each budget of the screens, measured against it. Run: python benchmarks/tui.py

CPU time is told, because wall time on a busy machine tells of its other users. Exit code 1 if a budget was missed.
"""

from __future__ import annotations

import asyncio
import os
import pty
import random
import resource
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from statistics import median

from mlintern.store import Store
from mlintern.store.records import Metric, RungName, RunStatus
from mlintern.tui.app import application
from mlintern.tui.backend import LocalBackend
from mlintern.tui.screens.history import HistoryScreen
from mlintern.tui.screens.run import RunScreen
from mlintern.tui.theme import ink_variables
from mlintern.tui.widgets.log_file import LogFile
from mlintern.tui.widgets.log_view import LogView
from mlintern.tui.widgets.loss_chart import LossChart
from mlintern.tui.widgets.run_table import RunTable
from mlintern.tui.widgets.series import Series
from textual.app import App, ComposeResult

RUNS = 1_000_000
LOG_LINES = 1_000_000
ROWS, COLUMNS = 45, 160


@dataclass(frozen=True, slots=True)
class Measured:
    """One quantity with its budget."""

    name: str
    value: float
    budget: float
    unit: str
    more_is_better: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is within its budget."""
        return self.value >= self.budget if self.more_is_better else self.value <= self.budget


def main() -> int:
    """Measure everything and print it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home)
        results = [*in_a_terminal(home), *asyncio.run(on_the_screens(home)), *of_the_parts(home)]
    print(f"{'quantity':<56}{'measured':>18}{'budget':>16}")
    for result in results:
        sign = "≥" if result.more_is_better else "≤"
        verdict = "" if result.holds else "  MISSED"
        measured, budget = f"{result.value:,.2f} {result.unit}", f"{sign} {result.budget:,.1f} {result.unit}"
        print(f"{result.name:<56}{measured:>18}{budget:>16}{verdict}")
    return 0 if all(result.holds for result in results) else 1


# ---- a home with a million runs


def fill(home: Path) -> None:
    """A million runs of a hundred experiments, and one of them with a curve and a long log."""
    with Store.open(home) as store, store.transaction():
        experiments = [
            store.experiments.add(
                name=f"train_{number}.py", script=Path(f"/work/train_{number}.py"), module=None,
                args=("--lr", str(number)), working_dir=Path("/work"), python=Path("/usr/bin/python3"), fingerprint="0",
            ).id
            for number in range(100)
        ]  # fmt: skip
        now = time.time()
        store._connection.raw.executemany(
            "INSERT INTO runs (experiment_id, rung, status, created_at, ended_at, folder, wall_seconds, last_loss)"
            " VALUES (?, 'pilot', ?, ?, ?, '', ?, ?)",
            (
                (experiments[number % 100], "failed" if number % 7 == 0 else "done", now - number, now - number / 2,
                 number % 977, 1 / (1 + number % 89))
                for number in range(RUNS - 1)
            ),
        )  # fmt: skip
        run = store.runs.add(experiment_id=experiments[0], rung=RungName.FULL, ceiling_seconds=600, folder_root=home)
        store.runs.update(run.id, status=RunStatus.DONE, started_at=now, wall_seconds=60.0)
        store.metrics.add(run.id, (Metric("loss", step, 1 / step) for step in range(1, 20_001)))
    line = "epoch {:7d} step 123456 loss 0.0213 test accuracy 0.9748 lr 3.0e-04 tokens/s 12345 gpu memory 17.2 GiB\n"
    run.log_path.write_text("".join(line.format(number) for number in range(LOG_LINES)))


# ---- the whole program in a terminal


@contextmanager
def terminal(home: Path) -> Iterator[tuple[int, int]]:
    """The program in a pseudo-terminal: its pid and the descriptor to read from."""
    pid, descriptor = pty.fork()
    if pid == 0:
        os.environ |= {"MLINTERN_HOME": str(home), "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
        os.execv(sys.executable, [sys.executable, "-m", "mlintern.tui.launch"])
    ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        yield pid, descriptor
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(descriptor)


def read_until(descriptor: int, wanted: bytes) -> None:
    """Read what is drawn until it holds ``wanted``."""
    seen, deadline = b"", time.monotonic() + 60
    while wanted not in seen:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{wanted!r} was never drawn")
        if select.select([descriptor], [], [], 0.05)[0]:
            seen += os.read(descriptor, 1 << 16)


def drain(descriptor: int, seconds: float) -> None:
    """Read on for a while, so that nothing waits for us."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            os.read(descriptor, 1 << 16)


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def in_a_terminal(home: Path) -> list[Measured]:
    """Start-up, idling and memory."""
    started: list[float] = []
    for _ in range(5):
        with terminal(home) as (pid, descriptor):
            read_until(descriptor, b"this machine")
            started.append(cpu_seconds(pid))
    with terminal(home) as (pid, descriptor):
        read_until(descriptor, b"kept in")
        drain(descriptor, 3.0)
        before, idle_for = cpu_seconds(pid), 20.0
        drain(descriptor, idle_for)
        idle = 100 * (cpu_seconds(pid) - before) / idle_for
        memory = resident_bytes(pid)
        os.write(descriptor, b"\t")
        drain(descriptor, 0.5)
        os.write(descriptor, b"4")
        drain(descriptor, 6.0)
        with_history = resident_bytes(pid)
    return [
        Measured("CPU from start to a usable screen", median(started), 0.5, "s"),
        Measured("CPU while nothing happens, of one core", idle, 0.5, "%"),
        Measured("memory on Home", memory / 1e6, 60, "MB"),
        Measured("memory with a million runs open", with_history / 1e6, 90, "MB"),
    ]


# ---- the screens without a terminal


def cpu() -> float:
    """CPU time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("a screen never came to rest")
        await asyncio.sleep(0.001)


async def on_the_screens(home: Path) -> list[Measured]:
    """Keystrokes, the history and the log, as a person meets them."""
    app = application(LocalBackend(home, Path(sys.executable)))
    app.animation_level = "none"
    results: list[Measured] = []
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:

        async def painted(where: str, key: str) -> Measured:
            times = []
            for _ in range(25):
                before = cpu()
                await pilot.press(key)
                times.append(1000 * (cpu() - before))
            return Measured(f"keystroke to paint: {where}", median(times), 50, "ms")

        results.append(await painted("writing a path", "x"))
        await pilot.press("tab", "4")
        await until(lambda: isinstance(app.screen, HistoryScreen) and app.screen.is_ready)
        table = app.screen.query_one(RunTable)
        await until(lambda: not table.is_loading)
        results.append(await first_page(table))
        results.append(await painted("history, down", "j"))
        results.append(await painted("history, page down", "pagedown"))
        app.open_run(RUNS)
        await until(lambda: isinstance(app.screen, RunScreen) and app.screen.snapshot is not None)
        log = app.screen.query_one(LogView)
        await until(lambda: log.log_file is not None and log.log_file.line_count == LOG_LINES)
        log.focus()
        await pilot.pause()
        results.append(await painted("log of a million lines, up", "k"))
    app.close_desks()
    return results


async def first_page(table: RunTable) -> Measured:
    """Wall time until the first page is there to be drawn."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        table.load()
        await until(lambda: 0 in table._pages)
        times.append(1000 * (time.perf_counter() - began))
        await until(lambda: not table.is_loading)
    return Measured(f"history of {RUNS:,} runs: first page read", median(times), 100, "ms")


# ---- the parts


def of_the_parts(home: Path) -> list[Measured]:
    """The chart's drawing and the log's index, alone."""

    log = LogFile(home / "runs" / str(RUNS) / "output.log")
    before = cpu()
    while log.advance():
        pass
    read_at = len(log.read(LOG_LINES // 2, ROWS))
    indexed = LOG_LINES / (cpu() - before)
    before = cpu()
    found = sum(len(batch) for batch in log.search("epoch  999999"))
    searched = LOG_LINES / (cpu() - before)
    assert read_at == ROWS and found == 1
    return [
        Measured("log: lines indexed per CPU second", indexed, 50_000, "/s", more_is_better=True),
        Measured("log: lines searched per CPU second", searched, 50_000, "/s", more_is_better=True),
        *asyncio.run(of_the_chart()),
    ]


async def of_the_chart() -> list[Measured]:
    """One chart over the whole terminal, redrawn."""

    noise = random.Random(0)

    class ChartApp(App[None]):
        CSS_PATH = str(Path(__file__).parent.parent / "tui" / "app.tcss")

        def get_theme_variable_defaults(self) -> dict[str, str]:

            return ink_variables(self.current_theme)

        def compose(self) -> ComposeResult:
            yield LossChart(id="chart")

    def series(label: str, points: int) -> Series:
        return Series(label, range(points), [2 / (1 + step / 100) + noise.random() for step in range(points)])

    app = ChartApp()
    results = []
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        chart = app.query_one(LossChart)
        chart.styles.height = "1fr"
        await pilot.pause()
        for name, curves in (
            ("chart of 2,000 points", (series("a", 2_000),)),
            ("chart of 100,000 points", (series("a", 100_000),)),
            ("chart of five curves of 2,000 points", tuple(series(str(index), 2_000) for index in range(5))),
        ):
            chart.show("loss", curves)
            await pilot.pause()
            times = []
            for _ in range(15):
                chart._lines = None
                before = cpu()
                chart._lines = chart._draw()
                times.append(1000 * (cpu() - before))
            results.append(Measured(f"{name}: redraw", median(times), 10, "ms"))
    return results


if __name__ == "__main__":
    sys.exit(main())
