"""The supervisor's end of the keeper: its process, its pipes, and what it says.

Invariant: the control pipe's only writer is this process, so that the keeper learns of its death from the kernel.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import kernel
from .keeper import descendants
from .protocol import PROBE_VARIABLE, RUN_VARIABLE, Isolation, LaunchFile, ProbeMode, probe_environment

_PIPE_BYTES = 1 << 20
_PROBE = Path(__file__).with_name("probe") / "launch.py"


class KeeperLink:
    """A keeper that waits for orders from the moment it is made."""

    def __init__(self) -> None:
        self.output, self._output_writer = _roomy_pipe()
        self.events, self._events_writer = _roomy_pipe()
        control, self._control = os.pipe()
        self.reports, reports_writer = os.pipe()
        self._process = subprocess.Popen(
            # -P: the folder that we happen to be in must not offer modules.
            [sys.executable, "-P", "-m", "mlintern.runtime.keeper"],
            stdin=control,
            stdout=reports_writer,
            pass_fds=(self._output_writer, self._events_writer),
        )
        os.close(control)
        os.close(reports_writer)
        self._said = b""

    @property
    def pid(self) -> int:
        """The keeper's process."""
        return self._process.pid

    def give_orders(self, launch: LaunchFile, folder: Path) -> None:
        """Tell what to run. From here on the pipes' far ends belong to the training process alone."""
        self._send(json.dumps(_orders(launch, folder, self._output_writer, self._events_writer)).encode() + b"\n")
        os.close(self._output_writer)
        os.close(self._events_writer)

    def save(self) -> None:
        """Tell the script to save and go on, by a signal that ends a script which does not catch it: look first."""
        self._send(b"save\n")

    def terminate(self) -> None:
        """Ask the script to end."""
        self._send(b"terminate\n")

    def kill(self) -> None:
        """Kill everything below the keeper."""
        self._send(b"kill\n")

    def hear(self) -> list[dict[str, Any]] | None:
        """What the keeper has said since; ``None`` when it has ended."""
        part = os.read(self.reports, 1 << 16)
        if not part:
            return None
        *lines, self._said = (self._said + part).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """Let the keeper end, and with it whatever it may still keep."""
        os.close(self._control)
        self._process.wait()
        if kernel.IS_LINUX:
            _kill_adopted()

    def _send(self, data: bytes) -> None:
        # A keeper that is gone shows in its report pipe.
        with suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._control, data) :]


def _orders(launch: LaunchFile, folder: Path, output_fd: int, events_fd: int) -> dict[str, Any]:
    command, scratch = launch.command, folder / "scratch"
    environment = {**os.environ, **command.environment, RUN_VARIABLE: str(folder)}
    return {
        "arguments": _arguments(launch),
        "working_dir": str(command.working_dir),
        "environment": {name: value for name, value in environment.items() if value is not None},
        "attempts": [
            {"isolation": isolation, "environment": _probe_environment(launch, isolation, scratch, events_fd)}
            for isolation in launch.isolation.fallbacks
        ],
        "scratch": str(scratch),
        "folders": [str(path) for path in (command.working_dir, *launch.probe.roots)],
        "writable": [str(path) for path in launch.writable],
        "hidden": [str(path) for path in launch.hidden],
        "output_fd": output_fd,
        "events_fd": events_fd,
    }


def _arguments(launch: LaunchFile) -> Sequence[str]:
    command = launch.command
    python = (str(command.python), "-u")
    if launch.probe.mode is not ProbeMode.OFF:
        return (*python, str(_PROBE))
    what = ("-m", command.module) if command.module is not None else (str(command.script),)
    return (*python, *what, *command.args)


def _probe_environment(launch: LaunchFile, isolation: Isolation, scratch: Path, events_fd: int) -> Mapping[str, str]:
    if launch.probe.mode is ProbeMode.OFF:
        return {}
    redirect = scratch / isolation if isolation.needs_redirect else None
    settings = probe_environment(
        launch.probe, launch.command, events_fd=events_fd, redirect=redirect, writable=launch.writable
    )
    return {PROBE_VARIABLE: settings}


def _roomy_pipe() -> tuple[int, int]:
    """A pipe in which a burst of output finds room while we look elsewhere."""
    reader, writer = os.pipe()
    if kernel.IS_LINUX:
        with suppress(OSError):
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return reader, writer


def _kill_adopted() -> None:
    """When the keeper itself was killed, what it kept has come to us."""
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended == 0:
            for pid in descendants(os.getpid()):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
