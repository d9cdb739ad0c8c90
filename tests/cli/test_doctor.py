"""What a machine has and lacks: the real one in one look, and others as they may be."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from mlintern.planner.checks.page import checks_page
from mlintern.planner.checks.registry import CHECKS
from mlintern.planner.doctor import Machine, Room, advise
from mlintern.planner.model_setting import ModelSetting
from mlintern.planner.prices import Price
from mlintern.runtime.interpreters import Interpreter
from mlintern.store.records import GpuSample, Severity

from .conftest import Mlintern

CPU_TORCH = Interpreter(Path("/a/python"), "3.12.1", "2.9.0+cpu", None, "PATH")
CUDA_TORCH = Interpreter(Path("/b/python"), "3.12.1", "2.9.0", "CUDA 12.8", "PATH")
NO_TORCH = Interpreter(Path("/c/python"), "3.12.1", None, None, "PATH")
GPU = GpuSample(0, "NVIDIA H200", 1 << 30, 141 << 30, 0.0, 70.0, 30, None)
ROOM = Room(Path("/home"), 100 << 30, 200 << 30)
GOOD = Machine(
    cores=8, memory_bytes=64 << 30, memory_available_bytes=60 << 30, home=ROOM, scratch=ROOM,
    interpreters=(CUDA_TORCH,), gpus=(GPU,), has_driver=True, usable_gpus=1, isolation=("overlay", "landlock", "audit"),
    llama="0.3.36", llama_uses_gpu=True, llama_programs=(), models=(Path("/home/models/a.gguf"),),
    model=ModelSetting(path=Path("/home/models/a.gguf")), slurm=None,
    price=Price(1.2, None, "usd_per_hour in /home/config.toml"),
)  # fmt: skip


def test_the_real_machine_is_told_as_the_schema_says(mlintern: Mlintern, home: Path) -> None:
    done = mlintern("doctor", "--json")
    content = done.json("doctor")
    assert done.code == 0
    assert sys.executable in [one["path"] for one in content["interpreters"]]
    assert "audit" in content["isolation"]
    assert content["memory"]["total_bytes"] > 0
    assert not home.exists()
    assert content["price"] == {"usd_per_hour": None, "usd_per_kwh": None, "source": None}
    assert "price" in [one["topic"] for one in content["missing"]]
    text = mlintern("doctor").out
    assert f"{sys.executable} (" in text
    assert "isolation: " in text


def test_a_machine_without_any_lack_gets_no_advice() -> None:
    assert advise(GOOD) == ()


@pytest.mark.parametrize(
    ("machine", "topic", "severity", "words"),
    [
        (
            replace(GOOD, interpreters=(NO_TORCH,), usable_gpus=None),
            "torch",
            Severity.ERROR,
            "no interpreter with torch",
        ),
        (replace(GOOD, interpreters=(), usable_gpus=None), "torch", Severity.ERROR, "no interpreter with torch"),
        (replace(GOOD, interpreters=(CPU_TORCH,), usable_gpus=0), "torch", Severity.WARNING, "built for the CPU alone"),
        (replace(GOOD, usable_gpus=0), "gpu", Severity.WARNING, "cannot use the GPU"),
        (replace(GOOD, gpus=(), has_driver=False, usable_gpus=0), "gpu", Severity.INFO, "driver library is not here"),
        (replace(GOOD, isolation=("landlock", "audit")), "isolation", Severity.INFO, "held by landlock"),
        (replace(GOOD, home=replace(ROOM, free_bytes=1 << 20)), "disk", Severity.WARNING, "little room"),
        (replace(GOOD, llama=None), "llama.cpp", Severity.INFO, "built-in rules"),
        (replace(GOOD, price=Price(why_none="no price set")), "price", Severity.INFO, "no price set"),
        (replace(GOOD, price=Price(why_none="line 3: no", is_broken=True)), "price", Severity.WARNING, "line 3: no"),
        (replace(GOOD, llama_uses_gpu=False), "llama.cpp", Severity.INFO, "built for the CPU alone"),
        (replace(GOOD, models=()), "models", Severity.INFO, "no local model"),
        (replace(GOOD, model=ModelSetting(why_none="2 models")), "model", Severity.INFO, "no model is chosen among 1"),
        (replace(GOOD, model=ModelSetting(why_none="no", is_broken=True)), "model", Severity.WARNING, "no"),
    ],
)
def test_each_lack_is_told_with_what_to_do(machine: Machine, topic: str, severity: Severity, words: str) -> None:
    (advice,) = advise(machine)
    assert (advice.topic, advice.severity) == (topic, severity)
    assert words in advice.message and advice.fix


def test_a_server_needs_no_llama_cpp_and_no_file() -> None:
    assert advise(replace(GOOD, llama=None, models=(), model=ModelSetting(server="http://localhost:8080"))) == ()


def test_the_gravest_comes_first() -> None:
    machine = replace(GOOD, llama=None, home=replace(ROOM, free_bytes=1), interpreters=(), usable_gpus=None)
    assert [one.severity for one in advise(machine)] == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_every_check_is_listed_as_the_schema_says(mlintern: Mlintern) -> None:
    done = mlintern("doctor", "--checks", "--json")
    names = [one["name"] for one in done.json("checks")["checks"]]
    assert names == [check.name for check in CHECKS] and len(set(names)) == len(names)
    text = mlintern("doctor", "--checks").out
    assert all(f"{check.name}: {check.question}" in text for check in CHECKS)


def test_the_page_of_the_checks_is_up_to_date() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "checks.md"
    assert page.read_text(encoding="utf-8") == checks_page(), (
        "run: python -m mlintern.planner.checks.page > docs/checks.md"
    )
