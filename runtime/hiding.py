"""Keeps sealed labels from a process and all below it, and tries to read them from inside to see that it holds.

An empty folder in memory is mounted over theirs, in a mount namespace of the process's own; then kernel rules
(Landlock) take away the right to mount or unmount, and to look into other processes, whose view is another. Where
either is not granted nothing but the files' mode keeps them, which a process of the same user gets past.
Invariant: what is said to hold was tried a moment before the script began, in the very process that becomes it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import kernel
from .kernel import MountFlag

REPORT = "sealed_labels"
"""The report of a run with what keeps the labels from it."""


class Hiding:
    """Hides files that all lie in one folder. Nothing is done where there are none."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._refused: str | None = None

    def cover(self, *, in_own_namespace: bool = False) -> None:
        """Hide them from this process; why that was refused is kept for :meth:`look`."""
        if not self._files:
            return
        if not kernel.IS_LINUX:
            self._refused = "this system has no mount namespaces"
            return
        try:
            _cover(self._files, in_own_namespace=in_own_namespace)
        except OSError as error:
            self._refused = error.strerror or str(error)

    def look(self) -> dict[str, Any] | None:
        """What can be read from inside; ``None`` where there is nothing to hide."""
        if not self._files:
            return None
        readable = [str(file) for file in self._files if _can_read(file)]
        holds = not readable and self._refused is None
        by = "a mount of its own, and kernel rules" if holds else "the file's mode alone"
        return {"holds": holds, "by": by, "readable": readable, "refused": self._refused}


def _cover(files: Sequence[Path], *, in_own_namespace: bool) -> None:
    from . import landlock, overlay

    if not in_own_namespace:
        overlay.leave_namespaces()
        kernel.mount("none", "/", None, MountFlag.PRIVATE | MountFlag.RECURSIVE)
    for folder in dict.fromkeys(os.path.realpath(file.parent) for file in files):
        kernel.mount("mlintern", folder, "tmpfs", MountFlag.NO_SUID, "mode=0500,size=4k")
    landlock.shut()


def _can_read(file: Path) -> bool:
    with suppress(OSError):
        with file.open("rb") as stream:
            stream.read(1)
        return True
    return False
