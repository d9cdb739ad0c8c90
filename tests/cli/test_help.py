"""What the command line loads and costs before it does anything."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from mlintern.store.records import RungName
from mlintern.tui.arguments import RUNGS

from .conftest import COMMAND, Mlintern

BANNED = {"torch", "numpy", "optuna", "sqlite_utils", "llama_cpp", "textual", "psutil", "pynvml"}
HELP_CPU_SECONDS = 0.15


def cpu_seconds(*words: str) -> float:
    """Processor time of one command, start-up and end included."""
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.DEVNULL)
    _, status, use = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return use.ru_utime + use.ru_stime


def test_help_costs_little() -> None:
    assert min(cpu_seconds("--help") for _ in range(5)) < HELP_CPU_SECONDS


@pytest.mark.parametrize(
    "module", ["command_line", "commands.check", "commands.run", "commands.history", "commands.doctor", "commands.stop"]
)
def test_a_command_loads_nothing_heavy_before_it_is_needed(module: str) -> None:
    program = f"import mlintern.tui.{module}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()} & BANNED == set()


def test_the_rungs_of_the_help_are_the_ladder() -> None:
    assert tuple(str(name) for name in RungName) == RUNGS


def test_version_and_help_are_data(mlintern: Mlintern) -> None:
    assert mlintern("--version").out.startswith("mlintern ")
    assert "stands behind --" in mlintern("--help").out
    assert "--approve" in mlintern("run", "--help").out
