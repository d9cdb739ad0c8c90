"""GPUs through NVML: a stand-in library, in C, tells what the test writes into a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mlintern.runtime import demo_gpu, launch
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


def test_a_gpu_that_is_lost_is_unknown_and_the_others_go_on(state: Path) -> None:
    both = f"A100 {80 * GIB} {GIB} 10 100000 40\nB200 {180 * GIB} {2 * GIB} 20 200000 50\n"
    before, during, after = look(state, both, both.replace(" 40\n", " 40 !15\n"), both)
    assert [sample["memory_used_bytes"] for sample in during["samples"]] == [None, 2 * GIB]
    assert (during["samples"][0]["power_watts"], during["samples"][0]["utilisation"]) == (None, None)
    assert [sample["name"] for sample in during["samples"]] == ["A100", "B200"]
    assert after["samples"] == before["samples"]


def test_a_gpu_that_cannot_be_opened_is_left_out(state: Path) -> None:
    (seen,) = look(state, f"A100 {80 * GIB} {GIB} 10 100000 40 !15\nB200 {180 * GIB} {2 * GIB} 20 200000 50\n")
    assert [(sample["index"], sample["name"]) for sample in seen["samples"]] == [(1, "B200")]


def test_frames_follow_one_another(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's time of change is when the first frame begins."""
    line = "A100 80 {} - - -\n"
    state.write_text(line.format(1) + "@ 100\n" + line.format(2) + "@ 200\n" + line.format(3) + "@ 300 again\n")
    code = (
        "import os, sys, time; from mlintern.runtime.nvml import GpuMonitor\n"
        "m = GpuMonitor(); m.open()\n"
        "for age in (50, 150, 250, 350, 1250):\n"
        "    os.utime(os.environ['FAKE_NVML_STATE'], (0, time.time() - age))\n"
        "    print(m.look(set())[0].memory_used_bytes, end=' ')"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout == b"1 2 3 1 1 "


ENERGY = """
import os, sys, time, pynvml
pynvml.nvmlInit()
handle = pynvml.nvmlDeviceGetHandleByIndex(0)
for state in sys.argv[1:]:
    with open(os.environ["FAKE_NVML_STATE"], "w") as file:
        file.write(state)
    os.utime(os.environ["FAKE_NVML_STATE"], (0, time.time() - 1000))
    try:
        print(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) // 1000)
    except pynvml.NVMLError as error:
        print(type(error).__name__)
"""


def test_the_energy_counter_stands_grows_is_not_there_or_lost(state: Path) -> None:
    gpu = "A100 80 1 - - - {}\n"
    states = [gpu.format(option) for option in ("energy=5000", "energy=5000+300000", "", "!15")]
    state.write_text(states[0])
    answer = subprocess.run([sys.executable, "-c", ENERGY, *states], capture_output=True, check=True, text=True)
    still, growing, none, lost = answer.stdout.split()
    assert (still, none, lost) == ("5", "NVMLError_NotSupported", "NVMLError_GpuIsLost")
    assert 5 + 300 * 1000 <= int(growing) < 5 + 300 * 1060


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


HOLDS = """
import os, signal, sys
def hold(line):
    with open("state", "w") as file:
        file.write(line)
    os.replace("state", os.environ["FAKE_NVML_STATE"])
print("up", flush=True)
with open("words") as words:
    for word in words:
        hold(word.format(pid=os.getpid()))
"""


def test_a_gpu_lost_in_mid_run_leaves_the_run_alone(lab: Lab, state: Path, wait_until: Callable[..., None]) -> None:
    gpu = f"A100 {80 * GIB} {3 * GIB} 95 250000 55 {{option}} {{pid}} {2 * GIB}\n"
    state.write_text(f"A100 {80 * GIB} {GIB} 0 60000 30\n")
    os.mkfifo(lab.project / "words")
    run = lab.start(HOLDS)
    with (lab.project / "words").open("w") as words:
        for option, used in (("", 3 * GIB), ("!15", None), ("", 3 * GIB)):
            words.write(gpu.replace("{option}", option))
            words.flush()
            seen = len(lab.store.samples.for_run(run.id))
            wait_until(lambda seen=seen: len(lab.store.samples.for_run(run.id)) > seen + 1, "two more looks")
            sample = lab.store.samples.latest(run.id)
            assert sample is not None and sample.gpus[0].memory_used_bytes == used
    ended = lab.wait(run)
    assert (ended.status, ended.peak_device_bytes) == (RunStatus.DONE, 2 * GIB)


def test_another_process_that_takes_the_card_is_told_and_the_run_goes_on(
    lab: Lab, state: Path, wait_until: Callable[..., None]
) -> None:
    """What others hold grows between any two looks; what the run holds stays."""
    state.write_text(f"A100 {80 * GIB} {GIB} 0 60000 30\n")
    os.mkfifo(lab.project / "words")
    run = lab.start(HOLDS)
    with (lab.project / "words").open("w") as words:
        for taken in range(10, 79, 3):
            words.write(f"A100 {80 * GIB} {(taken + 1) * GIB} 95 250000 55 {{pid}} {2 * GIB} 1 {taken * GIB}\n")
            words.flush()
            seen = len(lab.store.samples.for_run(run.id))
            wait_until(lambda seen=seen: len(lab.store.samples.for_run(run.id)) > seen, "another look")
    ended = lab.wait(run)
    told = [event.data for event in lab.events(run) if event.kind == "run.memory"]
    assert (told[0]["level"], told[0]["resource"], told[0]["cause"]) == ("warning", "gpu 0", "another process")
    assert "something else takes it" in told[0]["words"]
    assert ended.status is RunStatus.DONE


def test_the_demo_gpu_is_seen_by_a_supervisor(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None]
) -> None:
    monkeypatch.setenv(demo_gpu.LIBRARY_VARIABLE, "")  # so that what is switched on is switched off again
    monkeypatch.setenv(demo_gpu.STATE_VARIABLE, "")
    try:
        demo_gpu.switch_on(tmp_path)
    except demo_gpu.DemoError:
        pytest.skip("needs a C compiler")
    run = lab.start("import signal; signal.pause()")
    wait_until(lambda: lab.store.samples.latest(run.id) is not None, "the first look")
    launch.stop(lab.store, run.id)
    lab.wait(run)
    sample = lab.store.samples.latest(run.id)
    assert sample is not None
    assert [gpu.name for gpu in sample.gpus] == ["demo-GPU-made-up"] * 2
    assert "run.memory" not in lab.kinds(run)
