"""Control groups of both versions, in containers and out of them; whatever is missing is unknown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mlintern.runtime.pressure import MemoryGroup, OomKills

MIB = 1 << 20


class Kernel:
    """A made-up /proc with control groups beside it."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.groups = folder / "sys"
        for path in (self.proc / "7", self.proc / "self", self.proc / "pressure"):
            path.mkdir(parents=True)

    def mount(self, kind: str, *, root: str = "/", options: str = "rw") -> None:
        line = f"30 25 0:26 {root} {self.groups} rw,nosuid - {kind} cgroup {options}\n"
        (self.proc / "self" / "mountinfo").write_text(f"25 1 8:1 / / rw - ext4 /dev/sda rw\n{line}")

    def group(self, path: str, **files: str) -> Path:
        folder = self.groups / path
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text)
        return folder

    def put(self, line: str) -> MemoryGroup:
        (self.proc / "7" / "cgroup").write_text(line)
        return MemoryGroup(7, proc=self.proc)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def v2(kernel: Kernel, path: str, limit: str, used: int, cache: int = 0) -> Path:
    return kernel.group(
        path, memory__max=f"{limit}\n", memory__current=f"{used}\n",
        memory__stat=f"anon 5\ninactive_file {cache}\nactive_file 0\n",
        memory__events="low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n",
    )  # fmt: skip


def test_version_2_takes_the_group_that_has_least_left(kernel: Kernel) -> None:
    kernel.mount("cgroup2")
    v2(kernel, "user/job", "max", 90 * MIB)
    v2(kernel, "user", str(200 * MIB), 150 * MIB, cache=30 * MIB)
    v2(kernel, "", str(900 * MIB), 100 * MIB)
    group = kernel.put("0::/user/job\n")
    room = group.allowance()
    assert room is not None
    assert (room.limit_bytes, room.left_bytes, room.where) == (200 * MIB, 80 * MIB, "the control group user")
    assert group.kills() == 2


def test_version_1_is_read_where_it_has_the_controller(kernel: Kernel) -> None:
    kernel.mount("cgroup", options="rw,memory")
    kernel.group(
        "box", memory__limit_in_bytes=str(100 * MIB), memory__usage_in_bytes=str(70 * MIB),
        memory__stat=f"inactive_file 1\ntotal_inactive_file {10 * MIB}\ntotal_active_file {MIB}\n",
        memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    )  # fmt: skip
    group = kernel.put("4:memory:/box\n3:cpuset:/\n0::/\n")
    room = group.allowance()
    assert room is not None and room.left_bytes == 41 * MIB
    assert group.kills() == 3


def test_in_a_container_the_path_may_be_the_hosts(kernel: Kernel) -> None:
    kernel.mount("cgroup", root="/docker/abc", options="rw,memory")
    kernel.group("inner", memory__limit_in_bytes="1000", memory__usage_in_bytes="400")
    kernel.group("", memory__limit_in_bytes="5000", memory__usage_in_bytes="500")
    for path, left in (("/docker/abc/inner", 600), ("/docker/abc", 4500), ("/somewhere/else", 4500)):
        room = kernel.put(f"4:memory:{path}\n").allowance()
        assert room is not None and room.left_bytes == left, path


@pytest.mark.parametrize("line", ["", "nonsense", "0::/gone/../../etc", "4:memory\n", "9:cpu:/\n"])
def test_what_cannot_be_read_is_unknown(kernel: Kernel, line: str) -> None:
    kernel.mount("cgroup2")
    group = kernel.put(line)
    assert (group.allowance(), group.kills(), group.stalled_share()) == (None, None, None)


def test_no_limit_is_none(kernel: Kernel) -> None:
    kernel.mount("cgroup2")
    v2(kernel, "free", "max", 5)
    assert kernel.put("0::/free\n").allowance() is None
    kernel.mount("cgroup", options="rw,memory")
    kernel.group("open", memory__limit_in_bytes="9223372036854771712", memory__usage_in_bytes="5")
    assert kernel.put("4:memory:/open\n").allowance() is None


def test_stalls_are_the_groups_or_else_the_machines(kernel: Kernel) -> None:
    kernel.mount("cgroup2")
    folder = v2(kernel, "job", "max", 5)
    (kernel.proc / "pressure" / "memory").write_text("some avg10=2.00 avg60=0\nfull avg10=1.50 avg60=0.00 total=3\n")
    assert kernel.put("0::/job\n").stalled_share() == 0.015
    (folder / "memory.pressure").write_text("some avg10=30.00 avg60=0\nfull avg10=25.00 avg60=0.00 total=3\n")
    assert kernel.put("0::/job\n").stalled_share() == 0.25


def test_kills_are_counted_from_now_on_in_the_group_or_else_on_the_machine(kernel: Kernel) -> None:
    kernel.mount("cgroup2")
    folder = v2(kernel, "job", "max", 5)
    (kernel.proc / "vmstat").write_text("nr_free 1\noom_kill 4\n")
    kills = OomKills(kernel.put("0::/job\n"), proc=kernel.proc)
    assert (kills.count(), kills.of_group) == (0, True)
    (kernel.proc / "vmstat").write_text("nr_free 1\noom_kill 5\n")  # another program's
    assert kills.count() == 0
    (folder / "memory.events").write_text("oom_kill 3\n")
    assert kills.count() == 1
    machine = OomKills(kernel.put(""), proc=kernel.proc)
    (kernel.proc / "vmstat").write_text("nr_free 1\noom_kill 7\n")
    assert (machine.count(), machine.of_group) == (2, False)


def test_this_machine_can_be_read() -> None:
    group = MemoryGroup(os.getpid())
    room = group.allowance()
    assert room is None or 0 <= room.left_bytes <= room.limit_bytes
    assert OomKills(group).count() == 0
