"""The folder with what a run wrote instead of the user's files; it goes when the run has ended.

Invariant: only the folder that was named is removed, no link is followed, and failing to is no reason to fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


def remove(folder: Path) -> None:
    """Remove a scratch folder, also where the kernel or the script took away the right to."""
    shutil.rmtree(folder, onerror=_unlock_and_retry)


def _unlock_and_retry(function: Callable[..., Any], path: str, _: object) -> None:
    """An overlay leaves folders that nobody may enter."""
    with suppress(OSError):
        Path(path).parent.chmod(0o700)
        if not Path(path).is_symlink():
            Path(path).chmod(0o700)
        if function in (os.open, os.scandir, os.lstat):
            shutil.rmtree(path, ignore_errors=True)
        else:
            function(path)
