"""Which mounts can be reached, and which of them hold files."""

from __future__ import annotations

from pathlib import Path

from mlintern.runtime.mounts import Mount, is_below, mounted, reachable

TABLE = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:20 / /proc rw - proc proc rw
24 22 0:21 / /dev rw - devtmpfs devtmpfs rw
25 24 0:22 / /dev/shm rw - tmpfs tmpfs rw
26 22 0:23 / /home rw shared:5 - ext4 /dev/vdb rw
27 26 0:24 / /home/ada/my\040data ro master:1 - ext4 /dev/vdc rw
28 26 0:25 / /home/hidden rw - ext4 /dev/vdd rw
29 26 0:26 / /home rw - ext4 /dev/vde rw
30 29 0:27 / /home/ada/visible rw - nfs4 server:/x rw
31 22 0:28 / /scratch rw - tmpfs tmpfs rw
32 22 0:29 / /run rw - tmpfs tmpfs rw
33 32 0:30 / /run/media/ada/DATA rw - ext4 /dev/sdb1 rw
34 32 0:31 / /run/user/1000 rw - tmpfs tmpfs rw
"""


RUN = ("/run", "/run/media/ada/DATA", "/run/user/1000")


def test_covered_mounts_are_not_listed() -> None:
    paths = [mount.path for mount in reachable(TABLE.strip().splitlines())]
    assert paths == ["/", "/dev", "/dev/shm", "/home", "/home/ada/visible", "/proc", *RUN, "/scratch"]


def test_paths_are_unescaped_and_flags_read() -> None:
    table = [line for line in TABLE.strip().splitlines() if not line.startswith(("29", "30"))]
    found = {mount.path: mount for mount in reachable(table)}
    assert found["/home/ada/my data"] == Mount("/home/ada/my data", "ext4", read_only=True)
    assert not found["/home"].read_only


def test_kernel_mounts_hold_no_files() -> None:
    kinds = {mount.path: mount.is_kernel for mount in reachable(TABLE.strip().splitlines())}
    kernels = [path for path, is_kernel in kinds.items() if is_kernel]
    assert kernels == ["/dev", "/dev/shm", "/proc", "/run", "/run/user/1000"]


def test_below() -> None:
    assert is_below("/home/ada", "/home") and is_below("/home", "/home") and is_below("/home", "/")
    assert not is_below("/homes", "/home")


def test_this_machine() -> None:
    mounts = mounted()
    assert mounts[0].path == "/"
    assert any(mount.path == "/proc" and mount.is_kernel for mount in mounts)
    assert all(Path(mount.path).exists() for mount in mounts if mount.path in ("/proc", "/dev"))
