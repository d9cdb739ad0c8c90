"""Taking on an isolation, and which of them this machine grants.

Invariant: what is said to be available was seen to hold, in a child process, a moment ago.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

_TRY_SECONDS = 30.0


def isolate(name: str, *, scratch: Path, folders: Sequence[Path], free: Sequence[Path] = ()) -> int | None:
    """Put this process under the isolation ``name``, or raise :class:`OSError` where the machine does not grant it.

    ``free`` are folders of ours that may be written; an overlay takes their writes like all others.

    Returns a descriptor of the layers (see :mod:`.layers`) where there are any.
    """
    if name == "none":
        return None
    scratch.mkdir(parents=True, exist_ok=True)
    if name == "overlay":
        from . import overlay

        return overlay.enter(scratch, folders)
    if name == "landlock":
        from . import landlock

        landlock.enter([scratch, *free])
    return None


def available() -> tuple[str, ...]:
    """The isolations that keep the user's files untouched on this machine, best first. Takes a moment."""
    return (*(name for name in ("overlay", "landlock") if _holds(name)), "audit")


def _holds(name: str) -> bool:
    # Loaded here, because the keeper takes this module too and must start fast.
    import subprocess
    import tempfile

    from .scratch import remove

    with tempfile.TemporaryDirectory(prefix="mlintern-", ignore_cleanup_errors=True) as folder:
        precious, scratch = Path(folder, "precious"), Path(folder, "scratch")
        precious.write_text("as it was")
        scratch.mkdir()
        try:
            tried = subprocess.run(
                [sys.executable, "-P", "-m", "mlintern.runtime.isolation", name, scratch, precious],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TRY_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        remove(scratch)
        return tried.returncode == 0 and precious.read_text() == "as it was"


def _try() -> None:
    """The child of :func:`_holds`: ends with 0 when the isolation took and a file could not be changed for good."""
    name, scratch, precious = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    isolate(name, scratch=scratch, folders=[precious.parent])
    try:
        precious.write_text("changed")
    except PermissionError:
        sys.exit(0 if name == "landlock" else 1)
    sys.exit(0 if name == "overlay" else 1)


if __name__ == "__main__":
    _try()
