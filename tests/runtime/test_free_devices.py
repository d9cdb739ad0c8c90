"""Before a run starts, whoever of ours holds memory of a GPU leaves, and nobody else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from mlintern.runtime.tenants import free_devices, present, tenancy

STAYS = "import signal, sys; print(flush=True); sys.stdin.read()"


@pytest.fixture
def process() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that wait until they are told to end."""
    started = [
        subprocess.Popen([sys.executable, "-c", STAYS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    for one in started:
        assert one.stdout is not None
        one.stdout.readline()
    yield started
    for one in started:
        one.kill()
        one.communicate()


def test_who_holds_a_gpu_leaves_and_who_does_not_stays(
    tmp_path: Path, process: list[subprocess.Popen[bytes]]
) -> None:
    on_gpu, on_host = process
    with ExitStack() as stack:
        stack.enter_context(tenancy(tmp_path, "model", pid=on_gpu.pid, device_bytes=1 << 30))
        stack.enter_context(tenancy(tmp_path, "model", pid=on_host.pid, host_bytes=1 << 30))
        (left,) = free_devices(tmp_path)
        assert left.pid == on_gpu.pid and on_gpu.wait(10) != 0 and on_host.poll() is None
        assert [one.pid for one in present(tmp_path)] == [on_host.pid]


def test_without_tenants_nothing_happens(tmp_path: Path) -> None:
    assert free_devices(tmp_path) == ()
