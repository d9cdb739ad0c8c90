"""One run's supervisor: ``python -m mlintern.runtime.supervisor HOME LAUNCH_FILE``, started by :mod:`.launch` alone.

Invariant: it belongs to no terminal and to no face. It starts nothing before it has claimed the run, which only one
can, and the gate has opened. It says one JSON line on standard output: that the training runs, or why it does not.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from ..store import NotApproved, Store, StoreError
from ..store.records import Run, RunStatus
from . import kernel
from .gate import admit
from .keeper_link import KeeperLink
from .processes import started_at
from .protocol import LaunchFile, launch_from_text
from .watched_run import WatchedRun

_PATIENCE_SECONDS = 2.0


class ClaimError(Exception):
    """Someone else has started this run, or it is over."""


def main() -> None:
    """Leave the face, then supervise."""
    home, launch_file = Path(sys.argv[1]), Path(sys.argv[2])
    # The face waits for the parent, and this child belongs to no one: nothing that ends the face ends it.
    if os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    if kernel.IS_LINUX:
        kernel.adopt_orphans()
    token = sys.stdin.readline().rstrip("\n") or None
    try:
        _supervise(home, launch_from_text(launch_file.read_text()), token)
    except (StoreError, ClaimError, OSError) as error:
        _announce(str(error))
        sys.exit(str(error))


def _supervise(home: Path, launch: LaunchFile, token: str | None) -> None:
    keeper = KeeperLink()
    with Store.open(home, create=False, patience_seconds=_PATIENCE_SECONDS) as store:
        run = _claim(store, launch.run_id)
        try:
            limits = admit(store, run, token=token, limits=launch.limits, isolation=launch.isolation)
            store.runs.update(run.id, ceiling_seconds=limits.wall_seconds)
            WatchedRun(store, run, launch, limits=limits, keeper=keeper).run(_announce)
        except NotApproved as error:
            _fail(store, run, f"not approved: {error.message}")
            raise
        except OSError as error:
            keeper.close()
            _fail(store, run, f"its supervisor could not go on: {error.strerror or error}")
            raise
        except Exception as error:  # the boundary of a process: the record must not say that the run goes on
            keeper.close()
            _fail(store, run, f"its supervisor failed: {type(error).__name__}: {error}")
            raise


def _claim(store: Store, run_id: int) -> Run:
    """Make this process the run's supervisor, if no other is or was."""
    with store.transaction():
        run = store.runs.get(run_id)
        if run.status is not RunStatus.STARTING or run.supervisor_pid is not None:
            raise ClaimError(f"Run {run_id} has been started before: it is {run.status}. Start a new run instead.")
        return store.runs.update(run_id, supervisor_pid=os.getpid(), supervisor_started=started_at(os.getpid()))


def _fail(store: Store, run: Run, reason: str) -> None:
    # A database that takes nothing is left to the next start, which finds that nobody is there.
    with suppress(StoreError), store.transaction():
        if store.runs.get(run.id).status.is_over:
            return
        store.runs.update(run.id, status=RunStatus.FAILED, reason=reason, ended_at=time.time())
        store.events.append(
            "run.ended", experiment_id=run.experiment_id, run_id=run.id, status=RunStatus.FAILED, reason=reason
        )


def _announce(problem: str | None) -> None:
    """Tell the face how the start went, once, and let go of it."""
    with suppress(OSError):
        os.write(1, json.dumps({"problem": problem}).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)


if __name__ == "__main__":
    main()
