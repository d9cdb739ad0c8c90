"""Why memory ran out, from the words of the crash and the record of the run; and a leak that has yet to hurt."""

from __future__ import annotations

from typing import Any

import pytest
from mlintern.planner.judge import judge
from mlintern.planner.out_of_memory import diagnose_crash, figures_in, is_out_of_memory, leak_in
from mlintern.runtime.guard import COLUMNS, REPORT
from mlintern.store.records import RungName, RungStatus, RunStatus, Severity

MIB, GIB = 1 << 20, 1 << 30
PLACE = {"file": "/p/train.py", "line": 9}
NEW = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.15 GiB of which 1.20 GiB is free."
    " {others}Including non-PyTorch memory, this process has 77.90 GiB memory in use. Of the allocated memory 70.00 GiB"
    " is allocated by PyTorch, and {unused} is reserved by PyTorch but unallocated. If reserved but unallocated memory"
    " is large try setting PYTORCH_ALLOC_CONF=expandable_segments:True."
)
OLD = (
    "CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 11.17 GiB total capacity; 10.62 GiB already allocated;"
    " 832.00 KiB free; 10.66 GiB reserved in total by PyTorch)"
)


def crash(message: str, kind: str = "OutOfMemoryError", **more: Any) -> dict[str, Any]:
    return {"type": kind, "message": message, **PLACE, "frames": [PLACE], "phase": "training", "steps": 1, **more}


def record(training: float = 0.0, allocated: float | None = None, *, steps: int = 60, **more: Any) -> dict[str, Any]:
    """The record of a run; growth is in bytes a step."""
    points = [
        [0.2 * step, step, 3 * GIB, GIB + training * step, None if allocated is None else GIB + allocated * step, None]
        for step in range(1, steps + 1)
    ]
    host = {"limit_bytes": 64 * GIB, "left_bytes": 40 * GIB, "where": "the machine"}
    return {"columns": list(COLUMNS), "points": points, "warnings": [], "devices": [], "host": host, "kills": 0, **more}


def test_the_sizes_in_the_messages_of_torch_old_and_new() -> None:
    others = "Process 12 has 5.00 GiB memory in use. Process 13 has 512.00 MiB memory in use. "
    found = figures_in(NEW.format(others=others, unused="6.50 GiB"))
    assert found == {
        "tried": 2 * GIB, "total": round(79.15 * GIB), "free": round(1.2 * GIB), "ours": round(77.9 * GIB),
        "others": round(5.5 * GIB), "allocated": 70 * GIB, "unused": round(6.5 * GIB),
    }  # fmt: skip
    old = figures_in(OLD)
    assert (old["tried"], old["free"]) == (20 * MIB, 832 << 10)
    assert old["unused"] == pytest.approx(0.04 * GIB, abs=MIB)
    assert figures_in("you tried to allocate 800000000000 bytes. Error code 12") == {"tried": 800_000_000_000}
    assert figures_in("nothing of the kind 5 apples") == {}


@pytest.mark.parametrize(
    ("found", "more", "cause", "words"),
    [
        (crash(NEW.format(others="", unused="6.50 GiB")), {}, "fragmentation", "6.5 GiB were reserved"),
        (
            crash(NEW.format(others="Process 12 has 5.00 GiB memory in use. ", unused="0.50 GiB")),
            {}, "another process", "other processes hold 5 GiB",
        ),
        (crash(NEW.format(others="", unused="0.50 GiB")), {}, "too large", "from the first steps on"),
        (crash(NEW.format(others="", unused="0.50 GiB"), steps=400), {}, "long batch", "after 400 steps that fitted"),
        (crash(NEW.format(others="", unused="0.50 GiB"), phase="evaluation"), {}, "evaluation", "not enough memory"),
        (
            crash(NEW.format(others="", unused="6.50 GiB"), steps=60),
            {"allocated": 100 * MIB}, "leak",
            "tensors on the device grew by 4.59 GiB from step 13 to 60, 100 MiB a step",
        ),
    ],
    ids=["fragmentation", "another process", "too large", "long batch", "evaluation", "leak"],
)  # fmt: skip
def test_a_crash_names_its_cause_with_numbers(
    make_run: Any, found: dict[str, Any], more: dict[str, Any], cause: str, words: str
) -> None:
    verdict = judge(make_run(status=RunStatus.FAILED, exit_code=1), {"crash": found, REPORT: record(**more)}, {})
    (finding,) = verdict.findings
    assert (verdict.status, finding.code, finding.severity) == (RungStatus.FAILED, "memory.oom", Severity.ERROR)
    assert (finding.file, finding.line) == ("/p/train.py", 9)
    assert words in finding.message
    assert any(one.get("cause") == cause for one in finding.evidence)
    assert finding.fix


def test_what_would_fit_is_told_only_where_someone_knows_it() -> None:
    found = crash(NEW.format(others="", unused="0.50 GiB"))
    assert "what would fit" not in str(diagnose_crash(found, {}).fix)
    assert str(diagnose_crash(found, {}, ["batch 32: 40 GiB"]).fix).endswith("what would fit: batch 32: 40 GiB")


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("RuntimeError", "DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes", True),
        ("_ArrayMemoryError", "Unable to allocate 7.28 TiB for an array", True),
        ("MemoryError", "", True),
        ("RuntimeError", "DataLoader worker (pid 7) is killed by signal: Killed. ", True),
        ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied", False),
        ("ValueError", "memory is a fine thing", False),
    ],
)  # fmt: skip
def test_which_exceptions_are_about_memory(kind: str, message: str, expected: bool) -> None:
    assert is_out_of_memory(crash(message, kind)) is expected


def test_a_kill_by_the_kernel_is_out_of_memory_and_another_kill_is_not(make_run: Any) -> None:
    killed = make_run(status=RunStatus.FAILED, signal=9, reason="killed by the kernel", exit_code=None)
    (finding,) = judge(killed, {REPORT: record(3 * MIB, kills=1)}, {}).findings
    assert finding.code == "memory.oom" and "the training process grew by" in finding.message
    (finding,) = judge(killed, {REPORT: record(kills=0)}, {}).findings
    assert finding.code == "run.crash"


def test_a_run_that_the_guard_stopped_has_its_leak_as_a_finding(make_run: Any) -> None:
    stopped = make_run(status=RunStatus.STOPPED, reason="memory: stopped before it ran out: …")
    (finding,) = judge(stopped, {REPORT: record(3 * MIB)}, {}).findings
    assert (finding.code, finding.severity) == ("memory.leak", Severity.ERROR)
    warning = {"cause": "another process", "resource": "gpu 0", "words": "something else takes it"}
    (finding,) = judge(stopped, {REPORT: record(warnings=[warning])}, {}).findings
    assert finding.code == "memory.oom" and "other processes" in str(finding.fix)
    ceiling = make_run(status=RunStatus.STOPPED, reason="ceiling: 5 s of time")
    assert judge(ceiling, {REPORT: record(3 * MIB)}, {}).findings == ()


@pytest.mark.parametrize(
    ("steps", "severity", "words"),
    [
        (100_000, Severity.WARNING, "which ends at about step 13"),
        (12_500, Severity.WARNING, "nearly all of which 12500 steps take"),
        (5_000, Severity.INFO, "which fits"),
    ],
)
def test_a_leak_that_has_yet_to_hurt(
    make_run: Any, monkeypatch: pytest.MonkeyPatch, steps: int, severity: Severity, words: str
) -> None:
    monkeypatch.setattr("mlintern.planner.out_of_memory._full_steps", lambda run, reports: steps)
    verdict = judge(make_run(rung=RungName.PILOT), {REPORT: record(3 * MIB)}, {})
    (finding,) = verdict.findings
    assert verdict.status is RungStatus.PASSED
    assert (finding.code, finding.severity) == ("memory.leak", severity)
    assert words in finding.message


@pytest.mark.parametrize(
    "growth",
    [
        lambda step: 0.0,
        lambda step: 200 * MIB * (1 - 0.8**step),
        lambda step: 500 * MIB * (step > 30),
        lambda step: 40 * MIB * (step % 7),
        lambda step: 0.1 * MIB * step,
    ],
    ids=["flat", "warm-up", "one jump", "to and fro", "too little to tell"],
)
def test_what_is_no_leak(make_run: Any, growth: Any) -> None:
    told = record()
    for point in told["points"]:
        point[3] = GIB + growth(point[1])
    assert leak_in(told) is None
    assert judge(make_run(), {REPORT: told}, {}).findings == ()


@pytest.mark.parametrize("broken", [{}, {"columns": []}, {"points": [[1]], "columns": list(COLUMNS)}])
def test_a_record_that_tells_nothing(make_run: Any, broken: dict[str, Any]) -> None:
    assert judge(make_run(), {REPORT: broken}, {}).status is RungStatus.PASSED
