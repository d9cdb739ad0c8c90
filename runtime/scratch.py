"""The folders with what a run wrote instead of the user's files; they go when the run has ended.

Invariant: nothing outside of the folder that was named is touched, no link is followed, and failing is no reason to
fail.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

TEMPORARY_PREFIX = "mlintern-"
"""What the names of the runs' folders for temporary files begin with."""


def remove(folder: Path) -> None:
    """Remove a scratch folder, also where the kernel or the script took away the right to."""
    _unlock(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _unlock(folder: Path) -> None:
    """An overlay leaves folders that nobody may enter, and so may a script: their owner takes that back."""
    if folder.is_symlink():
        return
    with suppress(OSError):
        folder.chmod(0o700)
    # From the top, so that each folder is open before it is looked into; links to folders are not entered.
    for inside, names, _ in os.walk(folder):
        for name in names:
            path = Path(inside, name)
            with suppress(OSError):
                if not path.is_symlink():
                    path.chmod(0o700)
