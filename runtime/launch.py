"""Starting, stopping and finding runs, for the face. A run goes on whatever happens to the process that started it.

Invariant: a run is started at most once. The approval's secret goes through a pipe, never through a file, an argument
or the environment. After :func:`reconcile` no record says that a run goes on which nobody supervises.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

from ..store import Store, StoreError
from ..store.records import Run, RunStatus
from ..store.runs import RunChanges
from . import kernel, leftovers, processes
from .last_words import LastWords
from .output_log import LogIndexer
from .protocol import Command, Isolation, LaunchFile, Limits, ProbeSettings, launch_text

_UNCLAIMED_SECONDS = 10.0
"""A run that no supervisor has claimed after this long never will be."""


class LaunchError(RuntimeError):
    """A run that could not be started or stopped; the text says why and what to do."""


def start(
    home: Path,
    run_id: int,
    command: Command,
    *,
    limits: Limits,
    isolation: Isolation,
    probe: ProbeSettings,
    token: str | None,
    writable: tuple[Path, ...] = (),
    hidden: tuple[Path, ...] = (),
) -> None:
    """Start a run that the store knows as ``STARTING``; returns when its process runs.

    Otherwise :class:`LaunchError` says why not, and the run's record does too. ``home`` is an absolute path.
    """
    if not home.is_absolute():
        raise ValueError(f"the home folder {home} must be named by an absolute path")
    with Store.open(home, create=False) as store:
        folder = store.runs.get(run_id).folder
    launch = LaunchFile(
        run_id=run_id, command=command, limits=limits, isolation=isolation, probe=probe, writable=writable,
        hidden=hidden,
    )
    try:
        path = _write_privately(folder / "launch.json", launch_text(launch))
        answer = _spawn(home, path, folder / "supervisor.log", token)
    except OSError as error:
        raise LaunchError(f"Run {run_id} could not be started: {error.strerror or error}: {error.filename}.") from error
    if not answer:
        words = _last_line(folder / "supervisor.log")
        raise LaunchError(f"Run {run_id} could not be started: its supervisor ended at once. {words}".strip())
    problem = json.loads(answer)["problem"]
    if problem is not None:
        raise LaunchError(problem)


def stop(store: Store, run_id: int) -> None:
    """Ask a run to end: its script gets the chance to save, then everything of it is killed. Returns at once."""
    run = store.runs.get(run_id)
    if run.status.is_over:
        raise LaunchError(f"Run {run_id} is over already: {run.status}.")
    if run.supervisor_pid is None or not _signal(run, signal.SIGTERM):
        reconcile(store)
        raise LaunchError(f"Run {run_id} has no supervisor any more: it is {store.runs.get(run_id).status}.")
    # A database that takes nothing now must not keep anyone from stopping a run.
    with suppress(StoreError):
        store.events.append("run.stop", experiment_id=run.experiment_id, run_id=run.id)


def reconcile(store: Store) -> tuple[Run, ...]:
    """Record the truth about every run whose supervisor is gone, after making sure that nothing of it is left."""
    found = []
    for run in store.runs.unfinished():
        if _is_supervised(run):
            continue
        left = leftovers.kill(run)
        if (ended := _record(store, run, left)) is not None:
            found.append(ended)
    return tuple(found)


def _write_privately(path: Path, text: str) -> Path:
    """What runs may hold secrets in its arguments or environment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return path


def _spawn(home: Path, launch_file: Path, log: Path, token: str | None) -> bytes:
    """Start a supervisor; returns the line in which it says how that went."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            # -P: the folder that the user is in must not offer modules.
            [
                sys.executable,
                "-P",
                "-m",
                "mlintern.runtime.supervisor",
                home,
                launch_file,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=launch_file.parent,
            start_new_session=True,
        )
    assert process.stdin is not None and process.stdout is not None
    with process.stdout:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(f"{token or ''}\n".encode())
        answer = process.stdout.readline()
    # What we started has forked and ended; the supervisor is no child of ours.
    process.wait()
    return answer


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _signal(run: Run, number: signal.Signals) -> bool:
    """Signal a run's supervisor and no other process that may have its pid; says whether it was there."""
    if run.supervisor_pid is None:
        return False
    try:
        if not kernel.IS_LINUX:
            if is_there := _is_supervised(run):
                os.kill(run.supervisor_pid, number)
            return is_there
        descriptor = os.pidfd_open(run.supervisor_pid)
    except OSError:
        return False
    try:
        # Whoever has the pid now keeps it as long as the descriptor is open.
        if not _is_supervised(run):
            return False
        signal.pidfd_send_signal(descriptor, number)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _is_supervised(run: Run) -> bool:
    if run.supervisor_pid is not None:
        return processes.is_alive(run.supervisor_pid, run.supervisor_started)
    # Not claimed yet: someone may be starting it this very moment.
    return 0 <= time.time() - run.created_at < _UNCLAIMED_SECONDS


def _record(store: Store, run: Run, left: tuple[int, ...]) -> Run | None:
    changes = _truth(store, run, left)
    with store.transaction():
        # Another face may have been faster, or the run may have ended properly meanwhile.
        if store.runs.get(run.id).status.is_over:
            return None
        ended = store.runs.update(run.id, **changes)
        store.events.append(
            "run.ended", experiment_id=run.experiment_id, run_id=run.id, status=ended.status, reason=ended.reason
        )
    LastWords(run.folder).forget()
    leftovers.remove(store, run)
    if run.log_path.exists():
        with suppress(StoreError):
            LogIndexer(store, run.id, run.log_path).finish()
    return ended


def _truth(store: Store, run: Run, left: tuple[int, ...]) -> RunChanges:
    """What is known about the end of a run that nobody saw end."""
    words = LastWords(run.folder).hear()
    if words is not None:
        return cast(RunChanges, {**words, "status": RunStatus(words["status"])})
    if run.supervisor_pid is None:
        return {"status": RunStatus.LOST, "reason": "it was never started", "ended_at": run.created_at}
    reason = f"its supervisor (process {run.supervisor_pid}) was killed or crashed, and the training ended with it"
    if left:
        reason = f"its supervisor (process {run.supervisor_pid}) is gone; these processes could not be killed: {left}"
    sample = store.samples.latest(run.id)
    lasted = None if sample is None else sample.elapsed_seconds
    ended_at = None if run.started_at is None else run.started_at + (lasted or 0.0)
    return {"status": RunStatus.LOST, "reason": reason, "wall_seconds": lasted, "ended_at": ended_at}
