"""The few Linux calls that Python's standard library does not offer, through the C library.

Invariant: a call that fails raises :class:`OSError`, also where the machine does not know the call at all.
Nothing here is imported by the user's script.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from ctypes import c_int, c_long, c_ulong
from enum import IntFlag

IS_LINUX = sys.platform == "linux"

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MNT_DETACH = 2


class MountFlag(IntFlag):
    """Flags of ``mount(2)``."""

    NONE = 0
    READ_ONLY = 1
    NO_SUID = 2
    NO_DEV = 4
    NO_EXEC = 8
    REMOUNT = 32
    NO_ATIME = 1024
    NO_DIR_ATIME = 2048
    BIND = 4096
    RECURSIVE = 16384
    PRIVATE = 1 << 18
    RELATIVE_ATIME = 1 << 21


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


if IS_LINUX:
    _libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(signal_number: int) -> None:
    """Be sent a signal when the parent's thread ends. Changed credentials undo it: the last call before ``exec``."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, also of one that left the session."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def give_up_new_privileges() -> None:
    """Never gain rights through ``exec``: what the kernel asks for before it takes rules from an ordinary user."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def filter_system_calls(program: bytes) -> None:
    """Put a seccomp program (8 bytes an instruction) over this process and its descendants."""
    code = ctypes.create_string_buffer(program, len(program))
    header = _Filter(len(program) // 8, ctypes.addressof(code))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(header))


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` name for new ones."""
    _need_linux()
    _checked(_libc.unshare(c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int = 0, data: str | None = None) -> None:
    """``mount(2)``."""
    _need_linux()
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        None if kind is None else kind.encode(),
        c_ulong(flags),
        None if data is None else os.fsencode(data),
    )
    _checked(result, f"mount {target}")


def unmount(target: str, flags: int = 0) -> None:
    """``umount2(2)``."""
    _need_linux()
    _checked(_libc.umount2(os.fsencode(target), c_int(flags)), f"unmount {target}")


def pivot_root(new_root: str, old_root: str) -> None:
    """Make ``new_root`` the root of this mount namespace."""
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, "pivot_root is not known for this processor")
    system_call(number, os.fsencode(new_root), os.fsencode(old_root))


def system_call(number: int, *arguments: object) -> int:
    """A raw system call; integers are passed as ``long``, bytes and ctypes references as pointers."""
    _need_linux()
    values = [c_long(value) if isinstance(value, int) else value for value in arguments]
    function = _libc.syscall
    function.restype = c_long
    return _checked(function(c_long(number), *values), f"system call {number}")


def _prctl(option: int, *values: int) -> None:
    _need_linux()
    padded = [c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(c_int(option), *padded), f"prctl {option}")


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _need_linux() -> None:
    if not IS_LINUX:
        raise OSError(errno.ENOSYS, f"{sys.platform} has no such system call")
