"""Starts a script with the probe watching, as the keeper does, or without it.

Invariant: the two commands differ in the probe alone: same interpreter, same flags, same environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlintern.runtime.protocol import PROBE_VARIABLE, Command, ProbeMode, ProbeSettings, probe_environment

LAUNCHER = Path(__file__).resolve().parent.parent / "runtime" / "probe" / "launch.py"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "TOKENIZERS_PARALLELISM": "false"}
SAME_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(64 << 20), "MALLOC_TRIM_THRESHOLD_": str(512 << 20)}
"""By chance of what was freed first, glibc maps every large tensor anew in one process and not in another."""


def start(
    script: Path,
    args: Sequence[str],
    *,
    folder: Path,
    probed: bool,
    module: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start the script; its messages to us are read and thrown away."""
    environment = {**os.environ, **ONE_THREAD, **SAME_ALLOCATOR, **(environment or {})}
    if not probed:
        program = ["-m", module] if module else [str(script)]
        return _open([sys.executable, "-u", *program, *args], folder, environment, ())
    reader, writer = os.pipe()
    command = Command(
        python=Path(sys.executable),
        script=None if module else script,
        module=module,
        args=tuple(args),
        working_dir=folder,
        environment={},
    )
    settings = ProbeSettings(mode=ProbeMode.WATCH, roots=(folder,))
    environment[PROBE_VARIABLE] = probe_environment(settings, command, events_fd=writer, redirect=None)
    try:
        process = _open([sys.executable, "-u", str(LAUNCHER)], folder, environment, (writer,))
    finally:
        os.close(writer)
    threading.Thread(target=_drain, args=(reader,), daemon=True).start()
    return process


def _open(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], passed: Sequence[int]
) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment, pass_fds=passed, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def _drain(reader: int) -> None:
    with os.fdopen(reader, "rb") as messages:
        while messages.read(65536):
            pass
