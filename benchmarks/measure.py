"""What a command really used, and which files it changed.

Invariant: CPU time is what the kernel counted for the command and every process below it that was waited for.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Used:
    """How a command ended and what it took."""

    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    peak_host_bytes: int
    """Of the largest single process."""
    output: str
    errors: str


def run_measured(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], pass_fds: Sequence[int] = ()
) -> Used:
    """Run a command to its end and measure it."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            pass_fds=tuple(pass_fds),
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)  # it is reaped: Popen must not wait for it again
        texts = []
        for stream in (output, errors):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", errors="replace"))
    return Used(
        exit_code=process.returncode,
        wall_seconds=wall,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_host_bytes=usage.ru_maxrss * 1024,
        output=texts[0],
        errors=texts[1],
    )


def checksums(folder: Path) -> dict[str, str]:
    """Every file, link and folder below ``folder`` with a digest of what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            digest = f"link to {path.readlink()}"
        elif path.is_dir():
            digest = "folder"
        else:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(folder))] = digest
    return found


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """The paths that were created, changed or deleted."""
    return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))
