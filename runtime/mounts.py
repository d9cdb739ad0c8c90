"""What is mounted where, as this process sees it, and which of it holds files that a person could miss.

Invariant: only what can be reached by its path is listed; a mount that another one covers is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# fmt: off
_KERNEL_FILESYSTEMS = frozenset(
    (
        "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
        "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "resctrl", "rpc_pipefs",
        "securityfs", "selinuxfs", "smackfs", "sysfs", "tracefs",
    )
)
# fmt: on
_MEMORY_FILESYSTEMS = ("ramfs", "tmpfs")
_KERNEL_FOLDERS = ("/dev", "/proc", "/run", "/sys")
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One reachable mount."""

    path: str
    kind: str
    read_only: bool

    @property
    def is_kernel(self) -> bool:
        """Whether it shows the state of the kernel or of the session (devices, processes, sockets) instead of files."""
        if self.kind in _KERNEL_FILESYSTEMS:
            return True
        # A drive that the desktop mounted below /run holds files like any other.
        return self.kind in _MEMORY_FILESYSTEMS and any(is_below(self.path, folder) for folder in _KERNEL_FOLDERS)


def is_below(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def mounted(table: Path = Path("/proc/self/mountinfo")) -> tuple[Mount, ...]:
    """Every reachable mount, a folder's before those inside it."""
    return reachable(table.read_text(encoding="utf-8", errors="surrogateescape").splitlines())


def reachable(lines: Iterable[str]) -> tuple[Mount, ...]:
    """The reachable mounts of a table in the form of ``/proc/self/mountinfo``."""
    entries = [_entry(line) for line in lines]
    by_identity = {entry.identity: entry for entry in entries}
    on_top = {entry.mount.path: entry for entry in entries}  # the last one on a path hides those under it
    found: dict[str, Mount] = {}
    for entry in sorted(on_top.values(), key=lambda entry: entry.mount.path.rstrip("/")):
        base = entry
        while base.parent in by_identity and by_identity[base.parent].mount.path == entry.mount.path != "/":
            base = by_identity[base.parent]
        if not found or base.parent in found:
            found[entry.identity] = entry.mount
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Entry:
    identity: str
    parent: str
    mount: Mount


def _entry(line: str) -> _Entry:
    identity, parent, _, _, path, options, *rest = line.split(" ")
    path = _OCTAL.sub(lambda code: chr(int(code[1], 8)), path)
    kind = rest[rest.index("-") + 1]
    return _Entry(identity, parent, Mount(path, kind, "ro" in options.split(",")))
