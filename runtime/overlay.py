"""The user's folders as they are, with every write landing in scratch: overlay mounts in an own mount namespace.

Invariant: after :func:`enter` nothing that this process or a descendant does to a file reaches a file system that was
mounted before, except devices, kernel interfaces and the session's sockets. Where that cannot be promised it raises,
and only this process was changed.

As root the whole tree is overlaid at once. An ordinary user gets the right to mount from an own user namespace, in
which the kernel takes no folder for a lower layer when something is mounted inside it: there, what is in such a folder
is overlaid where it stands.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from . import kernel
from .kernel import MountFlag
from .layers import Layers
from .mounts import Mount, is_below, mounted

_SHARED_TEMPORARY = Path("/var/tmp")
_MOST_ENTRIES = 1000
"""A folder with mounts inside that holds more than this is not overlaid entry by entry."""
_COPIED_BYTES = 1 << 20
_KEPT_FLAGS = {
    os.ST_NOSUID: MountFlag.NO_SUID,
    os.ST_NODEV: MountFlag.NO_DEV,
    os.ST_NOEXEC: MountFlag.NO_EXEC,
    os.ST_NOATIME: MountFlag.NO_ATIME,
    os.ST_NODIRATIME: MountFlag.NO_DIR_ATIME,
    os.ST_RELATIME: MountFlag.RELATIVE_ATIME,
}


class OverlayError(OSError):
    """The machine does not grant what the overlay needs; its text says what."""


def enter(scratch: Path, folders: Sequence[Path]) -> int:
    """Turn this process's view of the files into one whose writes land in scratch; ``folders`` are those it works in.

    Returns a descriptor of the layers' folder, which stays readable when the namespace is gone.
    """
    in_user_namespace = leave_namespaces()
    kernel.mount("none", "/", None, MountFlag.PRIVATE | MountFlag.RECURSIVE)
    layers = Layers.make(scratch, in_user_namespace=in_user_namespace)
    mounts = mounted()
    if in_user_namespace:
        # Opened first: below an overlay that is mounted later they would count as one more level.
        foreign = _foreign_folders((*folders, _SHARED_TEMPORARY))
        _overlay_inside("/", "/", layers, mounts)
        for folder, descriptor in foreign.items():
            layers.mount(f"/proc/self/fd/{descriptor}", folder, path=folder)
            os.close(descriptor)
        return layers.descriptor
    _change_root(_overlay_everything(scratch, layers, mounts))
    return layers.descriptor


def _foreign_folders(folders: Sequence[Path]) -> dict[str, int]:
    """Folders where a user may create files though another one owns them, each with an open descriptor.

    A user's overlay cannot copy such a folder into its layer, so it must be the top of a layer. Where even new files
    get the other group there is no way.
    """
    found: dict[str, int] = {}
    for folder in folders:
        if not os.access(folder, os.W_OK):
            continue
        status = folder.stat()
        if (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid()):
            continue
        if status.st_gid != os.getegid() and status.st_mode & stat.S_ISGID:
            raise OverlayError(errno.EOVERFLOW, f"files in {folder} belong to a group that an overlay cannot copy")
        found.setdefault(os.path.realpath(folder), os.open(folder, os.O_PATH | os.O_CLOEXEC))
    return found


def leave_namespaces() -> bool:
    """Enter a new mount namespace; says whether that took a user namespace as well."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        with suppress(PermissionError):
            kernel.unshare(kernel.CLONE_NEWNS)
            return False
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def _overlay_everything(scratch: Path, layers: Layers, mounts: Sequence[Mount]) -> str:
    new_root = scratch / "root"
    new_root.mkdir(mode=0o755)
    layers.mount("/", str(new_root), path="/")
    shown: list[str] = []
    for mount in mounts:
        target = f"{new_root}{mount.path}"
        if mount.path == "/" or any(is_below(mount.path, folder) for folder in shown):
            continue
        if mount.is_kernel:
            _show_kernel(mount.path, target, layers, mounts)
            shown.append(mount.path)
        else:
            _overlay_or_protect(mount.path, target, layers)
    return str(new_root)


def _overlay_inside(source: str, target: str, layers: Layers, mounts: Sequence[Mount]) -> None:
    """Show, on ``target``, a folder that has mounts inside: what is in it is overlaid, one by one."""
    if os.access(source, os.W_OK):
        _rebuild(source, target, layers, mounts)
        return
    if source != target:
        kernel.mount(source, target, None, MountFlag.BIND | MountFlag.RECURSIVE)
    if not os.access(source, os.X_OK):
        return
    for entry in _entries(source):
        if not entry.is_symlink():
            _show(entry.path, f"{target.rstrip('/')}/{entry.name}", layers, mounts)


def _rebuild(source: str, target: str, layers: Layers, mounts: Sequence[Mount]) -> None:
    """Where files can be made beside the mounts, a new folder with the same things in it takes the folder's place."""
    folder = layers.folder(source)
    for entry in _entries(source):
        place = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            place.mkdir()
            _show(entry.path, str(place), layers, mounts)
        elif not _is_copied(entry, place):
            place.touch()
            _look_unchanged(entry, place)
            _overlay_or_protect(entry.path, str(place), layers)
    kernel.mount(str(folder), target, None, MountFlag.BIND | MountFlag.RECURSIVE)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        found = list(islice(entries, _MOST_ENTRIES + 1))
    if len(found) > _MOST_ENTRIES:
        raise OverlayError(errno.E2BIG, f"something is mounted inside {folder}, and too much else is in it")
    return found


def _show(source: str, target: str, layers: Layers, mounts: Sequence[Mount]) -> None:
    inside = [mount for mount in mounts if is_below(mount.path, source)]
    if any(mount.is_kernel and mount.path == source for mount in inside):
        _show_kernel(source, target, layers, mounts)
    elif any(mount.path != source for mount in inside):
        _overlay_inside(source, target, layers, mounts)
    else:
        _overlay_or_protect(source, target, layers)


def _show_kernel(source: str, target: str, layers: Layers, mounts: Sequence[Mount]) -> None:
    """Show what the kernel or the session keeps as it is, but no files of the user's that are mounted inside."""
    if source != target:
        kernel.mount(source, target, None, MountFlag.BIND | MountFlag.RECURSIVE)
    for mount in mounts:
        if not mount.is_kernel and is_below(mount.path, source):
            _overlay_or_protect(mount.path, f"{target.rstrip('/')}{mount.path[len(source) :]}", layers)


def _is_copied(entry: os.DirEntry[str], place: Path) -> bool:
    """Copy a link, or a file that is small enough, so that the script may change it."""
    if entry.is_symlink() or (
        entry.is_file() and entry.stat().st_size <= _COPIED_BYTES and os.access(entry.path, os.R_OK)
    ):
        shutil.copy2(entry.path, place, follow_symlinks=False)
        return True
    return False


def _look_unchanged(entry: os.DirEntry[str], place: Path) -> None:
    """What only stands under a mount must not be taken for something that the script wrote."""
    status = entry.stat()
    os.truncate(place, status.st_size)
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))


def _overlay_or_protect(source: str, target: str, layers: Layers) -> None:
    """Overlay a folder; make read-only what cannot be overlaid: a file, or a file system that is no lower layer."""
    try:
        is_folder = stat.S_ISDIR(Path(source).stat().st_mode)
    except OSError:
        # A mount that only its owner may look at, or one that is dead: nothing of it can be reached from here.
        return
    if is_folder:
        with suppress(OSError):
            layers.mount(source, target, path=source)
            return
    if source == target and not is_folder and not os.access(source, os.W_OK):
        return
    kernel.mount(source, target, None, MountFlag.BIND)
    kept = _locked_flags(target)
    kernel.mount("none", target, None, MountFlag.BIND | MountFlag.REMOUNT | MountFlag.READ_ONLY | kept)


def _locked_flags(path: str) -> int:
    """The flags that a user namespace must not take from a mount."""
    present = os.statvfs(path).f_flag
    return sum(flag for seen, flag in _KEPT_FLAGS.items() if present & seen)


def _change_root(new_root: str) -> None:
    os.chdir(new_root)
    try:
        kernel.pivot_root(".", ".")
        # Both roots are mounted on one another now; this lets go of the old one.
        kernel.unmount(".", kernel.MNT_DETACH)
    except OSError:
        # A root in memory (an initramfs) cannot be moved.
        os.chroot(new_root)
    os.chdir("/")
