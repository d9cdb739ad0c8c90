"""Start a program that can write nothing but below one folder: ``python -m mlintern.runtime.confined FOLDER COMMAND…``.

Invariant: its temporary files go below FOLDER. That it cannot write elsewhere holds where the kernel has Landlock
rules; it is for programs that should not write at all, such as those that only look at installed libraries.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from . import kernel, landlock


def main() -> None:
    """Become the program."""
    folder, *command = sys.argv[1:]
    os.environ["TMPDIR"] = folder
    if kernel.IS_LINUX:
        with suppress(OSError):
            landlock.enter([Path(folder)])
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"it cannot be started: {error.strerror}")


if __name__ == "__main__":
    main()
