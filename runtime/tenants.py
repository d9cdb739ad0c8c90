"""Processes of ours beside the training that hold memory, such as a local model: who they are, and asking them to
leave.

Invariant: a tenant is known by its pid and its start, so that nobody else is ever asked; one that has ended is
forgotten. They leave before anything is done to a training.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import kernel
from .processes import is_alive, started_at

FOLDER = "tenants"
_MOST_BYTES = 4096
"""A larger file is none of ours."""
_PATIENCE_SECONDS = 8.0
"""A model worker takes five at most to save what it has read."""
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Tenant:
    """One process of ours, and what it holds."""

    pid: int
    started: float
    what: str
    """What it is, in words."""
    device_bytes: int
    host_bytes: int

    def ask_to_leave(self) -> bool:
        """Send SIGTERM to this very process; says whether it was there."""
        try:
            if not kernel.IS_LINUX:
                if is_there := is_alive(self.pid, self.started):
                    os.kill(self.pid, signal.SIGTERM)
                return is_there
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            # Whoever has the pid now keeps it as long as the descriptor is open.
            if not is_alive(self.pid, self.started):
                return False
            signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True


@contextmanager
def tenancy(
    home: Path, what: str, *, device_bytes: int = 0, host_bytes: int = 0, pid: int | None = None
) -> Iterator[None]:
    """For as long as a process of ours holds memory, the calling one unless told: it can be asked to leave by SIGTERM,
    and should then end."""
    pid = os.getpid() if pid is None else pid
    path = home / FOLDER / f"{pid}.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = {"pid": pid, "started": started_at(pid), "what": what}
    written = path.with_suffix(".new")
    written.write_text(json.dumps({**told, "device_bytes": device_bytes, "host_bytes": host_bytes}))
    written.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def present(home: Path) -> tuple[Tenant, ...]:
    """The tenants that are there; what others left behind is removed."""
    found = []
    with suppress(OSError):
        for path in sorted((home / FOLDER).glob("*.json")):
            tenant = _read(path)
            if tenant is not None and is_alive(tenant.pid, tenant.started):
                found.append(tenant)
            else:
                path.unlink(missing_ok=True)
    return tuple(found)


def free_devices(home: Path) -> tuple[Tenant, ...]:
    """Ask those that hold memory of a GPU to leave and wait until they have, for a run that is about to start; who did.

    One that stays is left to the run's own guard.
    """
    leaving = tuple(one for one in present(home) if one.device_bytes > 0 and one.ask_to_leave())
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while any(is_alive(one.pid, one.started) for one in leaving) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return tuple(one for one in leaving if not is_alive(one.pid, one.started))


def _read(path: Path) -> Tenant | None:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        data: Any = json.loads(path.read_bytes())
        pid, device, host = (int(data[name]) for name in ("pid", "device_bytes", "host_bytes"))
        return Tenant(pid, float(data["started"]), str(data["what"])[:200], max(0, device), max(0, host))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
