"""Kernel rules over a process: everything may be read, and files are written below a few folders only.

Invariant: after :func:`enter` no call of this process or of a descendant changes a file outside of the writable
folders, whatever language made it. Landlock does not cover attributes (mode, owner, times): those calls are answered
with success and do nothing, because a script that copies a file and its mode must not fail for it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from pathlib import Path

from . import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1

_WRITE_FILE = 1 << 1
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_MAKE_BLOCK_DEVICE = 1 << 11
_REFER = 1 << 13
_TRUNCATE = 1 << 14

_RETURN_ALLOW = 0x7FFF0000
_RETURN_ERRNO = 0x00050000
_ATTRIBUTE_CALLS = {
    # (audit architecture, calls that change attributes, truncate by path)
    "x86_64": (
        0xC000003E,
        (90, 91, 92, 93, 94, 132, 188, 189, 190, 197, 198, 199, 235, 260, 261, 268, 280, 452, 463, 466, 469),
        76,
    ),
    "aarch64": (0xC00000B7, (5, 6, 7, 14, 15, 16, 52, 53, 54, 55, 88, 452, 463, 466, 469), 45),
}


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def enter(writable: Iterable[Path]) -> None:
    """Let this process write only below ``writable`` and to devices, or raise :class:`OSError`."""
    version = _version()
    handled = _WRITE_FILE | _REMOVE_AND_MAKE
    handled |= _REFER if version >= 2 else 0
    handled |= _TRUNCATE if version >= 3 else 0
    to_files = handled & (_WRITE_FILE | _TRUNCATE)
    ruleset = _create(handled)
    try:
        for folder in writable:
            _allow(ruleset, folder, handled)
        # Shared memory of data loaders; terminals, GPUs; names of threads and the like.
        _allow(ruleset, Path("/dev/shm"), handled)
        _allow(ruleset, Path("/dev"), to_files)
        _allow(ruleset, Path("/proc"), to_files)
        kernel.give_up_new_privileges()
        kernel.system_call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    _ignore_attribute_changes(refuse_truncate=version < 3)


def shut() -> None:
    """Let this process neither mount nor look into processes outside of its own; files stay as they are.

    Any rule brings both; the one taken here is that it makes no block device, which no script does.
    """
    _version()
    ruleset = _create(_MAKE_BLOCK_DEVICE)
    try:
        kernel.give_up_new_privileges()
        kernel.system_call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _version() -> int:
    version = kernel.system_call(_CREATE_RULESET, 0, 0, _VERSION_FLAG)
    if version < 1:
        raise OSError(errno.ENOSYS, "the kernel has no Landlock rules")
    return version


def _create(handled: int) -> int:
    attributes = _RulesetAttributes(handled)
    return kernel.system_call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)


def _allow(ruleset: int, folder: Path, access: int) -> None:
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rule = _PathBeneath(access, descriptor)
        kernel.system_call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)


def _ignore_attribute_changes(*, refuse_truncate: bool) -> None:
    """Answer chmod, chown, utime and extended attributes without doing them (see the module's invariant)."""
    table = _ATTRIBUTE_CALLS.get(platform.machine())
    if table is None:
        raise OSError(errno.ENOSYS, f"the system calls of {platform.machine()} are not known here")
    architecture, numbers, truncate = table
    program = [_load(4), _jump_unless(architecture, 1), _jump(1), _give(_RETURN_ALLOW), _load(0)]
    for number in numbers:
        program += [_jump_unless(number, 1), _give(_RETURN_ERRNO)]
    if refuse_truncate:
        program += [_jump_unless(truncate, 1), _give(_RETURN_ERRNO | errno.EACCES)]
    program.append(_give(_RETURN_ALLOW))
    kernel.filter_system_calls(b"".join(program))


def _load(offset: int) -> bytes:
    return _instruction(0x20, 0, 0, offset)


def _jump_unless(value: int, distance: int) -> bytes:
    """Go on with the next instruction where the loaded word is ``value``; skip ``distance`` of them otherwise."""
    return _instruction(0x15, 0, distance, value)


def _jump(distance: int) -> bytes:
    return _instruction(0x05, 0, 0, distance)


def _give(verdict: int) -> bytes:
    return _instruction(0x06, 0, 0, verdict)


def _instruction(code: int, when_true: int, when_false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, when_true, when_false, value)
