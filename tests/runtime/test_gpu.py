"""GPUs through NVML: a stand-in library, in C, tells what the test writes into a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mlintern.runtime.protocol import Limits
from mlintern.store.records import RunStatus

if TYPE_CHECKING:
    from conftest import Lab

GIB = 1 << 30

# Looks twice, the state being what it is given between the two; prints what it saw.
LOOK = """
import json, os, sys
from dataclasses import asdict
from pathlib import Path
from mlintern.runtime.nvml import GpuMonitor
monitor = GpuMonitor()
monitor.open()
seen = []
for state in sys.argv[2:]:
    Path(os.environ["FAKE_NVML_STATE"]).write_text(state)
    samples = monitor.look({os.getpid(), 7})
    seen.append({"samples": [asdict(s) for s in samples], "held": monitor.held_bytes(samples),
                 "readings": [asdict(r) for r in monitor.readings(samples)]})
monitor.close()
print(json.dumps(seen))
"""


def look(state: Path, *states: str, first: str | None = None) -> list[dict[str, Any]]:
    state.write_text(first or states[0])
    answer = subprocess.run([sys.executable, "-c", LOOK, "x", *states], capture_output=True, check=True)
    seen: list[dict[str, Any]] = json.loads(answer.stdout)
    return seen


def test_every_value_of_every_device(state: Path) -> None:
    (seen,) = look(
        state, f"NVIDIA-H200 {140 * GIB} {3 * GIB} 87 412500 61 7 {2 * GIB} 1 {GIB}\nA100 {80 * GIB} 0 0 60000 30\n"
    )
    first, second = seen["samples"]
    assert first == {
        "index": 0,
        "name": "NVIDIA-H200",
        "memory_used_bytes": 3 * GIB,
        "memory_total_bytes": 140 * GIB,
        "utilisation": 0.87,
        "power_watts": 412.5,
        "temperature_celsius": 61,
        "process_bytes": 2 * GIB,
    }
    assert (second["index"], second["name"], second["process_bytes"]) == (1, "A100", None)
    assert seen["held"] == 2 * GIB
    assert seen["readings"][0] == {"index": 0, "is_held": True, "counter_joules": None, "watts": 412.5}
    assert [reading["is_held"] for reading in seen["readings"]] == [True, False]


def test_what_the_driver_does_not_tell_is_unknown(state: Path) -> None:
    (seen,) = look(state, "MIG - - - - -\n")
    (sample,) = seen["samples"]
    assert [sample[name] for name in ("memory_used_bytes", "utilisation", "power_watts", "temperature_celsius")] == [
        None
    ] * 4
    assert seen["held"] is None
    assert seen["readings"] == [{"index": 0, "is_held": None, "counter_joules": None, "watts": None}]


def test_processes_of_others_are_not_ours(state: Path) -> None:
    (seen,) = look(state, f"A100 {80 * GIB} {5 * GIB} 90 300000 50 {os.getpid()} {5 * GIB}\n")
    assert seen["samples"][0]["process_bytes"] == 0
    assert (seen["held"], seen["readings"][0]["is_held"]) == (0, False)


def test_pids_of_another_namespace_make_growth_count(state: Path) -> None:
    """In a container the driver lists pids that are not there, or none at all."""
    for processes in ("3999999 123", ""):
        before, after = look(
            state,
            f"A100 {80 * GIB} {GIB} 0 100000 40 {processes}\n",
            f"A100 {80 * GIB} {4 * GIB} 0 100000 40 {processes}\n",
        )
        assert before["samples"][0]["process_bytes"] is None
        assert (before["held"], after["held"]) == (0, 3 * GIB)


def test_driver_that_fails_later_is_only_unknown(state: Path) -> None:
    _, later = look(state, f"A100 {80 * GIB} {GIB} 0 100000 40\n", "", first=f"A100 {80 * GIB} {GIB} 0 100000 40\n")
    (sample,) = later["samples"]
    assert sample["memory_used_bytes"] is None


def test_library_without_a_driver(state: Path) -> None:
    answer = subprocess.run([sys.executable, "-c", LOOK, "x"], capture_output=True, check=True)
    assert json.loads(answer.stdout) == []
    code = (
        "from mlintern.runtime.nvml import GpuMonitor\n"
        "m = GpuMonitor(); m.open(); print(m.look(set()), m.held_bytes(()), m.readings(()), m.count); m.close()"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout == b"() None () 0\n"


def test_machine_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    code = (
        "import sys, mlintern.runtime.nvml as nvml; nvml._LIBRARY = 'libno-such-thing.so'\n"
        "m = nvml.GpuMonitor(); m.open(); print(m.look({1}), m.count, 'pynvml' in sys.modules); m.close()"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout == b"() 0 False\n"


TAKES_MORE = """
import os, signal, sys
def save(*_):
    print("asked to end", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
def hold(gib):
    with open("state", "w") as file:
        file.write(f"A100 {80 << 30} {(gib + 1) << 30} 95 250000 55 {os.getpid()} {gib << 30}\\n")
    os.replace("state", os.environ["FAKE_NVML_STATE"])
hold(%s)
while True:
    signal.pause()
"""


def test_run_over_its_gpu_memory_is_stopped(lab: Lab, state: Path) -> None:
    state.write_text(f"A100 {80 * GIB} {GIB} 0 60000 30\n")
    run = lab.run(TAKES_MORE % 21, limits=Limits(device_bytes=20 * GIB, grace_seconds=5))
    assert (run.status, run.reason) == (RunStatus.STOPPED, "ceiling: 21 GiB of GPU memory, 20 GiB allowed")
    assert lab.log(run) == b"asked to end\n"
    assert run.peak_device_bytes == 21 * GIB
    sample = lab.store.samples.latest(run.id)
    assert sample is not None
    (gpu,) = sample.gpus
    assert (gpu.process_bytes, gpu.utilisation, gpu.power_watts) == (21 * GIB, 0.95, 250.0)


def test_run_near_its_gpu_memory_is_warned_of(lab: Lab, state: Path) -> None:
    state.write_text(f"A100 {80 * GIB} {GIB} 0 60000 30\n")
    run = lab.run(TAKES_MORE % 19, limits=Limits(device_bytes=20 * GIB, grace_seconds=5), ceiling=1.5)
    assert run.reason == "ceiling: 1.5 s of time"
    limits = [(event.data["limit"], event.data["level"]) for event in lab.events(run) if event.kind == "run.limit"]
    assert ("device_bytes", "warning") in limits and ("device_bytes", "over") not in limits
    assert run.energy_joules is not None and 100 < run.energy_joules < 250 * 3
