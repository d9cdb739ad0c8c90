"""What a script found around it: the versions of what it imported, and the data files that it opened to read.

Invariant: looks only; nothing is imported or opened for it. Bounded, and silent in processes that the script forks, so
what loader workers and libraries open past Python is not seen.
"""

from __future__ import annotations

import os
import sys
from typing import Any

MOST_FILES = 200
MOST_PACKAGES = 200
_CODE = (".py", ".pyc", ".pyd", ".so", ".pth", ".egg-link", ".toml", ".cfg")
_NO_DATA = ("/proc/", "/sys/", "/dev/", "/etc/")


class Environment:
    """Notes the files as they are opened; asked once, at the end."""

    def __init__(self) -> None:
        self._files: dict[str, None] = {}
        self._process = os.getpid()
        self._is_over = False
        self._not_data = (*_NO_DATA, *{path + os.sep for path in (sys.prefix, sys.base_prefix)})

    def listen(self) -> None:
        """Begin; the audit hook itself stays until the process ends."""
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Called for all that is audited, and an exception here would make the script's own call fail.
        if event != "open" or self._is_over or len(self._files) >= MOST_FILES or os.getpid() != self._process:
            return
        path, mode, flags = (*arguments, None, None, None)[:3]
        if isinstance(path, (str, bytes)) and _is_read(mode, flags):
            name = os.fsdecode(path)
            if not name.endswith(_CODE) and not name.startswith(self._not_data) and "site-packages" not in name:
                self._files[name] = None

    def report(self) -> dict[str, Any]:
        """Packages by name, and files with size and time of last change; a file that is gone is left out."""
        self._is_over = True
        found = (_file(path) for path in self._files)
        return {"packages": _packages(), "files": [one for one in found if one is not None]}


def _is_read(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return mode[:1] == "r" and "+" not in mode
    return not (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))


def _file(path: str) -> dict[str, Any] | None:
    try:
        whole = os.path.realpath(path)
        state = os.stat(whole)
    except (OSError, ValueError):
        return None
    if not os.path.isfile(whole):
        return None
    return {"path": whole, "bytes": state.st_size, "modified_at": state.st_mtime}


def _packages() -> list[dict[str, str]]:
    """What names its own version, without asking lazy modules for it."""
    found = []
    for name, module in sorted(sys.modules.items()):
        version = getattr(module, "__dict__", {}).get("__version__")
        if "." not in name and isinstance(version, str) and name not in getattr(sys, "stdlib_module_names", ()):
            found.append({"name": name, "version": version})
    return found[:MOST_PACKAGES]
