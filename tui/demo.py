"""`mlintern-tui --demo-gpu`: the application with a GPU that is not there.

Invariant: unless a home is named, everything is kept in a folder of its own, so that no made-up value gets among real
ones.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..runtime import demo_gpu
from .output import ExitCode


def run_demo(home: Path | None, run: Callable[[Path], int]) -> int:
    """Build the stand-in and run with it; returns the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="mlintern-demo-"))
    try:
        demo_gpu.switch_on(folder)
    except (demo_gpu.DemoError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.write(f"mlintern-tui: {error}\n")
        return ExitCode.FAULTS
    sys.stderr.write(f"{demo_gpu.LABEL}\n")
    code = run(home or folder / "home")
    if _goes_on(home or folder / "home"):
        sys.stderr.write(f"{demo_gpu.LABEL}; a run goes on, and what it needs is in {folder}: delete it afterwards\n")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _goes_on(home: Path) -> bool:
    """Whether a run of that home still needs the stand-in."""
    from ..store import Store, StoreError

    try:
        with Store.open(home, create=False) as store:
            return bool(store.runs.unfinished())
    except StoreError:
        return False
