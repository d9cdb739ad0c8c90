"""Where an overlay's writes go, and what was written there.

Invariant: every layer is a numbered folder with ``upper`` (what was written), ``work`` (the kernel's) and ``path``
(the folder that it lies over). They are on scratch's own disk, or in memory where that disk's file system cannot hold
a layer.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
from pathlib import Path

from . import kernel
from .kernel import MountFlag

_MOST_VISITED = 200_000
_MOST_LISTED = 1000
# A folder that existed before the run can only be renamed with redirect_dir, for which a user has no right.
_ROOT_OPTIONS = (",redirect_dir=on", "")
_USER_OPTIONS = (",userxattr", "")


@dataclass(slots=True)
class Layers:
    """The layers of one run, while they are being mounted."""

    descriptor: int
    """Their folder. Held open, because its path soon shows what is in an overlay."""
    extra_options: str
    count: int = 0

    @classmethod
    def make(cls, scratch: Path, *, in_user_namespace: bool) -> Layers:
        """An empty set of layers; raises when this machine mounts no overlay at all."""
        folder = scratch / "layers"
        folder.mkdir(mode=0o700)
        choices = _USER_OPTIONS if in_user_namespace else _ROOT_OPTIONS
        extra = _accepted(scratch / "try", choices)
        if extra is None:
            kernel.mount("mlintern", str(folder), "tmpfs", MountFlag.NO_SUID, "mode=0700,size=50%")
            extra = _accepted(folder / "try", choices)
        if extra is None:
            raise OSError("this machine mounts no overlay")
        return cls(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), extra)

    def mount(self, source: str, target: str, *, path: str) -> None:
        """Show the folder ``source`` on ``target``; ``path`` is its name for people."""
        _mount(source, target, self._new(path), self.extra_options)

    def folder(self, path: str) -> Path:
        """An empty folder to be shown in the place of ``path``, with its owner and mode."""
        upper = self._new(path) / "upper"
        upper.mkdir()
        _copy_attributes(path, upper)
        return upper

    def _new(self, path: str) -> Path:
        layer = Path(f"/proc/self/fd/{self.descriptor}/{self.count}")
        self.count += 1
        layer.mkdir()
        (layer / "path").write_bytes(os.fsencode(path))
        return layer


def _accepted(folder: Path, choices: tuple[str, ...]) -> str | None:
    """The first set of options with which an empty overlay can be mounted on this disk."""
    lower, merged = folder / "lower", folder / "merged"
    lower.mkdir(parents=True)
    merged.mkdir()
    for number, extra in enumerate(choices):
        layer = folder / str(number)
        layer.mkdir()
        with suppress(OSError):
            _mount(str(lower), str(merged), layer, extra)
            # A layer that turns out to be read-only is none.
            (merged / "written").touch()
            kernel.unmount(str(merged), kernel.MNT_DETACH)
            return extra
    return None


def _mount(source: str, target: str, layer: Path, extra: str) -> None:
    upper, work = layer / "upper", layer / "work"
    upper.mkdir()
    work.mkdir()
    _copy_attributes(source, upper)
    parts = (("lowerdir", source), ("upperdir", str(upper)), ("workdir", str(work)))
    opened = [(name, os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) for name, path in parts]
    try:
        # By descriptor: a path's commas, colons and length would get in the way.
        options = ",".join(f"{name}=/proc/self/fd/{descriptor}" for name, descriptor in opened)
        kernel.mount("mlintern", target, "overlay", MountFlag.NONE, options + extra)
    finally:
        for _, descriptor in opened:
            os.close(descriptor)


def _copy_attributes(source: str, folder: Path) -> None:
    """The top of an overlay takes its owner and mode from the layer: it must not allow more than the real folder."""
    status = Path(source).stat()
    mode = stat.S_IMODE(status.st_mode)
    try:
        os.chown(folder, status.st_uid, status.st_gid)
    except OSError:
        if not os.access(source, os.W_OK):
            mode &= ~0o222
    folder.chmod(mode)


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a run wrote into a layer."""

    path: str
    size_bytes: int | None
    """``None`` for one that it removed."""


def written(layers_descriptor: int) -> tuple[Written, ...]:
    """The files that were written or removed, the largest ones first; bounded, for a run may write millions."""
    found = islice(_walk(layers_descriptor), _MOST_VISITED)
    return tuple(nlargest(_MOST_LISTED, found, key=lambda file: file.size_bytes or 0))


def _walk(layers_descriptor: int) -> Iterator[Written]:
    for layer in os.listdir(layers_descriptor):
        try:
            top = _read(f"{layer}/path", layers_descriptor)
            began = os.stat(f"{layer}/path", dir_fd=layers_descriptor).st_mtime_ns
        except OSError:
            continue
        upper = f"{layer}/upper"
        for folder, _, names, descriptor in os.fwalk(upper, dir_fd=layers_descriptor):
            shown = Path(top, os.path.relpath(folder, upper))
            for name in names:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                is_removed = stat.S_ISCHR(status.st_mode) and status.st_rdev == 0
                if is_removed or not _is_unchanged(shown / name, status, began):
                    yield Written(str(shown / name), None if is_removed else status.st_size)


def _is_unchanged(path: Path, status: os.stat_result, began: int) -> bool:
    """Whether a file was only opened for writing, or copied for the case that it is written.

    Another program may have changed the original since the layer ``began``; a copy that is older was not written to.
    """
    try:
        original = path.lstat()
    except OSError:
        return False
    is_same = (original.st_size, original.st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    return is_same or original.st_mtime_ns >= began > status.st_mtime_ns


def _read(path: str, folder: int) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        return os.fsdecode(file.read())
