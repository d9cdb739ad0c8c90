"""Writes turned into scratch: what a rehearsal does where the kernel grants no overlay.

A path that would be written is looked for, and written, under the scratch folder, in the same place below it; from
then on it is read there. A removed path is remembered as gone. Behind this stands the kernel (Landlock), or at least
python's audit events: what slips past is refused, never done. Paths below the scratch folder and device files are what
they are.
"""

from __future__ import annotations

import builtins
import errno
import functools
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from .after_import import AfterImport

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_ALWAYS_OPEN = ("/dev/", "/proc/", "/sys/")

_READERS = ("stat", "lstat", "access", "readlink", "listdir", "scandir", "chdir")
_WRITERS = ("mkdir", "chmod", "utime", "truncate", "chown", "mkfifo")
_AUDITED = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.truncate",
    "os.link",
    "os.symlink",
    "os.utime",
)


class Redirect:
    """Maps paths of the user's to their stand-ins under the scratch folder."""

    def __init__(self, scratch: str, writable: Iterable[str] = ()) -> None:
        self._scratch = os.path.realpath(scratch)
        self._free = (self._scratch + os.sep, *_ALWAYS_OPEN, *(os.path.realpath(path) + os.sep for path in writable))
        self._gone: set[str] = set()
        self._exists = os.path.lexists
        self._isdir = os.path.isdir

    def is_free(self, path: str) -> bool:
        """Whether a path may be written as it is."""
        return path.startswith(self._free) or path == self._scratch

    def read(self, path: Any) -> Any:
        """Where to read ``path``: its stand-in, if there is one."""
        full = _full(path)
        if full is None or self.is_free(full):
            return path
        stand_in = self._stand_in(full)
        if _native_lexists(stand_in):
            return stand_in
        if any(full == gone or full.startswith(gone + os.sep) for gone in self._gone):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
        return path

    def write(self, path: Any, *, keep: bool) -> Any:
        """Where to write ``path``; with ``keep`` its present content goes along."""
        full = _full(path)
        if full is None or self.is_free(full):
            return path
        stand_in = self._stand_in(full)
        parent = os.path.dirname(full)
        if not _native_lexists(os.path.dirname(stand_in)):
            if parent in self._gone or not _native_lexists(parent):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
            _native_makedirs(os.path.dirname(stand_in))
        if keep and full not in self._gone and not _native_lexists(stand_in) and _native_lexists(full):
            if _native_isdir(full):
                _native_makedirs(stand_in)
            else:
                _native_copy(full, stand_in)
        self._gone.discard(full)
        return stand_in

    def mkdir(self, path: Any) -> Any:
        """Where to make a folder; one that exists still exists."""
        full = _full(path)
        if full is not None and not self.is_free(full) and full not in self._gone and _native_lexists(full):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path))
        return self.write(path, keep=False)

    def remove(self, path: Any, native: Callable[..., Any]) -> None:
        """Remove the stand-in and remember that the path is gone."""
        full = _full(path)
        if full is None or self.is_free(full):
            native(path)
            return
        self.read(path)
        stand_in = self._stand_in(full)
        existed = _native_lexists(full)
        if _native_lexists(stand_in):
            native(stand_in)
        elif not existed:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
        if existed:
            self._gone.add(full)

    def remove_tree(self, path: Any) -> None:
        """Like :meth:`remove`, for a whole folder."""
        full = _full(path)
        if full is None:
            return
        if _native_lexists(self._stand_in(full)):
            _native_rmtree(self._stand_in(full))
        if _native_lexists(full):
            self._gone.add(full)

    def rename(self, source: Any, target: Any) -> None:
        """Move within the scratch folder; the source is gone afterwards."""
        moved_from = self.write(source, keep=True)
        if not _native_lexists(moved_from):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(source))
        moved_to = self.write(target, keep=False)
        _native_replace(moved_from, moved_to)
        full = _full(source)
        if full is not None and not self.is_free(full) and _native_lexists(full):
            self._gone.add(full)

    def _stand_in(self, full: str) -> str:
        return self._scratch + full


_native_lexists = os.path.lexists
_native_isdir = os.path.isdir
_native_makedirs = functools.partial(os.makedirs, exist_ok=True)
_native_replace = os.replace
_native_rmtree = shutil.rmtree
_native_copy = shutil.copy2


def _full(path: Any) -> str | None:
    """The absolute path, or ``None`` for descriptors."""
    if isinstance(path, int) or path is None:
        return None
    try:
        return os.path.abspath(os.fsdecode(path))
    except (TypeError, ValueError):
        return None


def install(scratch: str, writable: Iterable[str], waiting: AfterImport) -> Redirect:
    """Turn the writes of this process into ``scratch`` from now on."""
    redirect = Redirect(scratch, writable)
    _freeze_natives()
    _move_temporary_files(redirect, scratch)
    _patch_open(redirect)
    _patch_os(redirect)
    waiting.call("torch", lambda torch: _patch_first(torch, "save", 1, redirect))
    waiting.call("safetensors.torch", lambda module: _patch_first(module, "save_file", 1, redirect))
    sys.addaudithook(functools.partial(_audit, redirect))
    return redirect


def _move_temporary_files(redirect: Redirect, scratch: str) -> None:
    """Temporary files really lie in the scratch folder: sockets among them are bound by the kernel, not by python."""
    if redirect.is_free(os.path.join(tempfile.gettempdir(), "")):
        return
    folder = os.path.join(os.path.realpath(scratch), "tmp")
    os.makedirs(folder, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = folder


def _freeze_natives() -> None:
    """Keep the helpers above on the operating system's own functions."""
    global _native_lexists, _native_isdir, _native_makedirs, _native_copy, _native_rmtree
    lstat, stat, mkdir, opener = os.lstat, os.stat, os.mkdir, io.open
    unlink, rmdir, listdir = os.unlink, os.rmdir, os.listdir

    def lexists(path: Any) -> bool:
        try:
            lstat(path)
        except (OSError, ValueError):
            return False
        return True

    def isdir(path: Any) -> bool:
        try:
            return bool(stat(path).st_mode & 0o170000 == 0o040000)
        except (OSError, ValueError):
            return False

    def makedirs(path: str) -> None:
        if not lexists(path):
            makedirs(os.path.dirname(path))
            mkdir(path)

    def copy(source: str, target: str) -> None:
        with opener(source, "rb") as read, opener(target, "wb") as written:
            shutil.copyfileobj(read, written)

    def rmtree(path: str) -> None:
        for name in listdir(path):
            below = os.path.join(path, name)
            rmtree(below) if isdir(below) and not os.path.islink(below) else unlink(below)
        rmdir(path)

    _native_lexists, _native_isdir, _native_makedirs = lexists, isdir, makedirs  # type: ignore[assignment]
    _native_copy, _native_rmtree = copy, rmtree  # type: ignore[assignment]


def _patch_open(redirect: Redirect) -> None:
    native = io.open

    @functools.wraps(native)
    def redirected(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if isinstance(mode, str) and set(mode) & set("wax+"):
            return native(redirect.write(file, keep="w" not in mode), mode, *args, **kwargs)
        return native(redirect.read(file), mode, *args, **kwargs)

    builtins.open = redirected
    io.open = redirected


def _patch_os(redirect: Redirect) -> None:
    for name in _READERS:
        _wrap(name, redirect.read)
    for name in _WRITERS:
        _wrap(name, redirect.mkdir if name in ("mkdir", "mkfifo") else functools.partial(redirect.write, keep=True))
    native_open = os.open

    def open_(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is None:
            path = redirect.write(path, keep=not flags & os.O_TRUNC) if flags & _WRITE_FLAGS else redirect.read(path)
        return native_open(path, flags, mode, dir_fd=dir_fd)

    os.open = open_
    for name in ("remove", "unlink", "rmdir"):
        _wrap_whole(name, lambda native, path: redirect.remove(path, native))
    for name in ("rename", "replace"):
        _wrap_whole(name, lambda native, source, target: redirect.rename(source, target))
    _patch_rmtree(redirect)


def _patch_rmtree(redirect: Redirect) -> None:
    native = shutil.rmtree

    def rmtree(path: Any, *args: Any, **kwargs: Any) -> None:
        full = _full(path)
        if full is None or redirect.is_free(full):
            native(path, *args, **kwargs)
            return
        redirect.remove_tree(path)

    shutil.rmtree = rmtree  # type: ignore[assignment]


def _wrap(name: str, place: Callable[[Any], Any]) -> None:
    native = getattr(os, name)

    @functools.wraps(native)
    def redirected(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("dir_fd") is not None:
            return native(path, *args, **kwargs)
        return native(place(path), *args, **kwargs)

    setattr(os, name, redirected)


def _wrap_whole(name: str, action: Callable[..., None]) -> None:
    native = getattr(os, name)

    @functools.wraps(native)
    def redirected(*paths: Any, **kwargs: Any) -> None:
        if any(value is not None for value in kwargs.values()):
            native(*paths, **kwargs)
        else:
            action(native, *paths)

    setattr(os, name, redirected)


def _patch_first(module: ModuleType, name: str, position: int, redirect: Redirect) -> None:
    """A library's writer that does not pass through python: give it the stand-in's path."""
    native = getattr(module, name, None)
    if native is None:
        return

    @functools.wraps(native)
    def redirected(*args: Any, **kwargs: Any) -> Any:
        values = list(args)
        if len(values) > position and isinstance(values[position], (str, os.PathLike)):
            values[position] = redirect.write(values[position], keep=False)
        for key in ("f", "filename"):
            if isinstance(kwargs.get(key), (str, os.PathLike)):
                kwargs[key] = redirect.write(kwargs[key], keep=False)
        return native(*values, **kwargs)

    setattr(module, name, redirected)


def _audit(redirect: Redirect, event: str, args: tuple[Any, ...]) -> None:
    """Refuse what slipped past: the last line where the kernel has none."""
    if event == "open":
        path, mode, flags = args
        writes = (isinstance(flags, int) and flags & _WRITE_FLAGS) or (
            isinstance(mode, str) and set(mode) & set("wax+")
        )
        if not writes:
            return
    elif event in _AUDITED:
        path = args[0]
    else:
        return
    full = _full(path)
    if full is not None and not redirect.is_free(full):
        raise PermissionError(errno.EACCES, "a rehearsal may not change this file", full)
