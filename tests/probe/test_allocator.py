"""Memory at the end of a step, told from inside: of the process itself, and of accelerators through a stand-in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2] / "runtime"))  # the probe is imported as it is in a user's process

if TYPE_CHECKING:
    from conftest import Probe

KEEPS = """
import torch
model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
kept = []
for step in range(40):
    loss = model(torch.randn(4, 8)).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    kept.append(torch.ones(1 << 18, {dtype}))
    {more}
"""


def test_what_a_process_keeps_shows_step_by_step(probe: Probe) -> None:
    done = probe(KEEPS.format(dtype="dtype=torch.float64", more="import time; time.sleep(0.05)"), mode="watch")
    reports = [message for message in done.messages if message["e"] == "allocator"]
    assert done.exit_code == 0
    assert 5 <= len(reports) <= 40 and all(report["devices"] == [] for report in reports)
    steps = [report["step"] for report in reports]
    assert steps == sorted(set(steps))
    first, last = reports[0], reports[-1]
    grown = (last["resident"] - first["resident"]) / (last["step"] - first["step"])
    assert 1.8 * (1 << 20) < grown < 2.6 * (1 << 20)


class FakeCuda:
    """Stands for ``torch.cuda`` with two devices, of which the script uses one."""

    def __init__(self, *, initialized: bool = True, fails: bool = False) -> None:
        self._initialized, self._fails = initialized, fails
        self.asked: list[str] = []

    def is_initialized(self) -> bool:
        return self._initialized

    def device_count(self) -> int:
        self.asked.append("count")
        return 2

    def memory_stats(self, index: int) -> dict[str, int]:
        if self._fails:
            raise RuntimeError("no statistics in this version")
        if index == 1:
            return {}
        return {"allocated_bytes.all.current": 5, "allocated_bytes.all.peak": 9, "reserved_bytes.all.current": 20,
                "num_alloc_retries": 1, "num_ooms": 0}  # fmt: skip

    def get_device_properties(self, index: int) -> Any:
        return type("Properties", (), {"total_memory": 80})


class Said:
    """Stands for the channel."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send(self, kind: str, **fields: Any) -> None:
        self.messages.append({"e": kind, **fields})


def watch(cuda: FakeCuda) -> list[dict[str, Any]]:
    from probe.allocator import AllocatorWatch

    said = Said()
    watcher = AllocatorWatch(type("Torch", (), {"cuda": cuda}), said)  # type: ignore[arg-type]
    watcher.after_step(3)
    watcher.after_step(4)  # too soon after the first
    return said.messages


def test_devices_that_are_used_are_told() -> None:
    (message,) = watch(FakeCuda())
    assert message["step"] == 3 and message["resident"] > 1 << 20
    assert message["devices"] == [
        {"index": 0, "total": 80, "allocated": 5, "peak": 9, "reserved": 20, "retries": 1, "ooms": 0}
    ]


def test_an_accelerator_that_the_script_has_not_begun_to_use_is_not_touched() -> None:
    cuda = FakeCuda(initialized=False)
    (message,) = watch(cuda)
    assert message["devices"] == [] and cuda.asked == []


def test_statistics_that_cannot_be_had_are_left_out() -> None:
    (message,) = watch(FakeCuda(fails=True))
    assert message["devices"] == []
