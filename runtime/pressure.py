"""What the kernel says of memory: what a control group (v1 or v2) or the machine has left, kills for want of it,
and stalls.

Invariant: reading never fails; what the kernel does not tell is ``None``. Page cache that the kernel gives back before
it kills anything does not count as used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_NO_LIMIT = 1 << 60
"""From here on a limit is none: v1 writes a huge number for it."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What some memory is limited to and what of it is left; ``where`` says who limits it."""

    limit_bytes: int
    left_bytes: int
    where: str


@dataclass(frozen=True, slots=True)
class _Names:
    """What a version of control groups calls its files, each after ``memory.``."""

    limit: str
    used: str
    cache: tuple[str, ...]
    kills: str
    stalls: str | None


_V1 = _Names(
    "limit_in_bytes", "usage_in_bytes", ("total_inactive_file", "total_active_file"), "oom_control", None
)
_V2 = _Names("max", "current", ("inactive_file", "active_file", "slab_reclaimable"), "events", "pressure")


class MemoryGroup:
    """The control group that a process is in, with all groups above it."""

    def __init__(self, pid: int, *, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._names, self.folders = _find(proc, pid)
        """Its folder and those above it, its own first; empty where there is none."""

    def allowance(self) -> Allowance | None:
        """The group's or a group's above, whichever has least left; ``None`` where none is limited."""
        allowances = [found for folder in self.folders if (found := self._allowance(folder)) is not None]
        return min(allowances, key=lambda one: one.left_bytes, default=None)

    def kills(self) -> int | None:
        """How many processes of the group the kernel has killed for want of memory, the machine's or the group's."""
        if not self.folders:
            return None
        return _field(_file(self.folders[0], self._names.kills), "oom_kill")

    def stalled_share(self) -> float | None:
        """The share of the last ten seconds in which everything waited for memory, 0 to 1."""
        if self.folders and self._names.stalls is not None:
            share = _stalled(_file(self.folders[0], self._names.stalls))
            if share is not None:
                return share
        return _stalled(self._proc / "pressure" / "memory")

    def _allowance(self, folder: Path) -> Allowance | None:
        limit, used = (_number(_file(folder, name)) for name in (self._names.limit, self._names.used))
        if limit is None or used is None or limit >= _NO_LIMIT:
            return None
        stat = _fields(_file(folder, "stat"))
        cache = sum(stat.get(name, 0) for name in self._names.cache)
        return Allowance(limit, max(0, limit - max(0, used - cache)), f"the control group {folder.name}")


def host_allowance(group: MemoryGroup) -> Allowance:
    """What a process of this group can still take: of the machine, or of the group where that has less."""
    # Here and not above: a face reads views with this in them long before it looks.
    import psutil

    memory = psutil.virtual_memory()
    machine = Allowance(memory.total, memory.available, "the machine")
    room = group.allowance()
    return machine if room is None or machine.left_bytes < room.left_bytes else room


class OomKills:
    """Kills for want of memory since the start: those of a process's control group, or the whole machine's."""

    def __init__(self, group: MemoryGroup, *, proc: Path = Path("/proc")) -> None:
        self._group = group
        self._proc = proc
        self._before = group.kills()
        self.of_group = self._before is not None
        """Whether only kills of the group count; a machine-wide count may be another program's."""
        self._machine_before = _field(proc / "vmstat", "oom_kill") or 0

    def count(self) -> int:
        """How many there have been since."""
        kills = self._group.kills()
        if self._before is not None and kills is not None:
            return max(0, kills - self._before)
        return max(0, (_field(self._proc / "vmstat", "oom_kill") or 0) - self._machine_before)


def _find(proc: Path, pid: int) -> tuple[_Names, tuple[Path, ...]]:
    """The names of the files and the folders of a process's group, its own first."""
    mounts = _mounts(proc)
    with suppress(OSError):
        lines = (proc / str(pid) / "cgroup").read_text(errors="surrogateescape").splitlines()
        for line in sorted(lines, key=lambda line: line.startswith("0::")):  # v1 first: where it has the controller
            _, controllers, path = [*line.split(":", 2), "", ""][:3]
            version = "cgroup" if "memory" in controllers.split(",") else "cgroup2" if not controllers else ""
            for root, point in mounts.get(version, ()):
                names = _V1 if version == "cgroup" else _V2
                folders = tuple(_upwards(point, root, path, names))
                if folders:
                    return names, folders
    return _V2, ()


def _mounts(proc: Path) -> Mapping[str, list[tuple[str, Path]]]:
    """Where control groups are mounted, by kind: which of the hierarchy's folders is mounted at which path."""
    found: dict[str, list[tuple[str, Path]]] = {}
    with suppress(OSError):
        for line in (proc / "self" / "mountinfo").read_text(errors="surrogateescape").splitlines():
            before, _, after = line.partition(" - ")
            places, kinds = before.split(), after.split()
            if len(places) < 5 or not kinds or not kinds[0].startswith("cgroup"):
                continue
            if kinds[0] == "cgroup" and "memory" not in kinds[-1].split(","):
                continue
            found.setdefault(kinds[0], []).append((places[3], Path(places[4])))
    return found


def _upwards(point: Path, root: str, path: str, names: _Names) -> Iterator[Path]:
    """A group's folder and those above it, as far as they are mounted; in a container the path may be the host's."""
    inside = path[len(root) :] if root != "/" and f"{path}/".startswith(f"{root}/") else path
    folder = point / inside.lstrip("/")
    if ".." in folder.parts or not folder.is_dir():
        folder = point
    while folder != point.parent:
        if _file(folder, names.used).exists():
            yield folder
        folder = folder.parent


def _file(folder: Path, name: str) -> Path:
    return folder / f"memory.{name}"


def _number(path: Path) -> int | None:
    """A number in a file of its own; ``max`` is no limit."""
    try:
        text = path.read_text().strip()
        return _NO_LIMIT if text == "max" else int(text)
    except (OSError, ValueError):
        return None


def _fields(path: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    found = {}
    with suppress(OSError, UnicodeDecodeError):
        for line in path.read_text().splitlines():
            name, _, number = line.partition(" ")
            if number.isdigit():
                found[name] = int(number)
    return found


def _field(path: Path, name: str) -> int | None:
    return _fields(path).get(name)


def _stalled(path: Path) -> float | None:
    """``full avg10`` of a pressure file, or ``some`` where there is no other."""
    try:
        lines = path.read_text().splitlines()
        line = next((line for line in lines if line.startswith("full ")), lines[0])
        return float(line.split("avg10=")[1].split()[0]) / 100
    except (OSError, ValueError, IndexError):
        return None
