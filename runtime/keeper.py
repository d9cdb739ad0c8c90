"""The parent of the training process: ``python -m mlintern.runtime.keeper``, started by the supervisor alone.

Invariant: nothing below the keeper outlives it or its supervisor. Its standard input is a pipe that only the
supervisor holds: when that ends, everything below is killed at once. Every descendant stays below, also one that left
its session or lost its parents, because orphans are adopted. The training process itself is also killed by the kernel
if the keeper dies.

It reads one JSON line (:class:`Orders` as an object), then the words ``save``, ``terminate`` and ``kill``; it writes
JSON lines: ``started``, ``failed``, ``exited``, ``stuck``, ``gone``.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import kernel
from .hiding import Hiding
from .isolation import isolate
from .scratch import TEMPORARY_PREFIX, remove

_FINISH_SECONDS = 0.3
_LEFTOVER_SECONDS = 1.0
"""How long what the script left behind may take to end by itself, and after it was asked to."""

_SETUP_SECONDS = 20
_STUCK_SECONDS = 5.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Attempt:
    """One isolation to try, with the environment that belongs to it."""

    isolation: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Orders:
    """What to run and how."""

    arguments: Sequence[str]
    working_dir: str
    environment: Mapping[str, str]
    attempts: Sequence[Attempt]
    scratch: str
    folders: Sequence[str]
    """Where the script works: what an isolation must be able to show."""
    output_fd: int
    events_fd: int
    writable: Sequence[str] = ()
    """Folders of ours that it may write in."""
    hidden: Sequence[str] = ()
    """Files, all in one folder, that it may not read."""


class Keeper:
    """Starts one process and never lets anything below it get away."""

    def __init__(self, *, control: int, report: int) -> None:
        self._control = control
        self._report_fd = report
        self._commands = b""
        self._training: int | None = None
        self._status: int | None = None
        self._layers: int | None = None
        self._temporary: Path | None = None
        self._wake = _wake_on_child()

    def run(self) -> None:
        """Follow the orders until nothing is left below."""
        orders = self._read_orders()
        if orders is None:
            return
        try:
            if self._start(orders):
                self._watch()
                self._end_leftovers()
        finally:
            self._remove_temporary()
        self._say_gone()

    def _read_orders(self) -> Orders | None:
        """The first line; ``None`` when the supervisor is gone before it sent one."""
        while b"\n" not in self._commands:
            received = os.read(self._control, 1 << 16)
            if not received:
                return None
            self._commands += received
        line, self._commands = self._commands.split(b"\n", 1)
        data: dict[str, Any] = json.loads(line)
        return Orders(**{**data, "attempts": [Attempt(**attempt) for attempt in data["attempts"]]})

    def _start(self, orders: Orders) -> bool:
        refused: dict[str, str] = {}
        for attempt in orders.attempts:
            pid, words = self._try(orders, attempt)
            if "error" not in words:
                self._training = pid
                os.close(orders.output_fd)
                os.close(orders.events_fd)
                temporary = None if self._temporary is None else str(self._temporary)
                self._say(
                    "started", pid=pid, isolation=attempt.isolation, refused=refused, temporary=temporary,
                    labels=words.get("labels"),
                )  # fmt: skip
                return True
            os.waitpid(pid, 0)
            if words["stage"] != "isolation":
                self._say("failed", what=words["error"], refused=refused)
                return False
            refused[attempt.isolation] = words["error"]
        self._say("failed", what="no isolation holds on this machine", refused=refused)
        return False

    def _try(self, orders: Orders, attempt: Attempt) -> tuple[int, dict[str, Any]]:
        """Fork the training process; the words are empty when it runs, or say what went wrong at which stage."""
        scratch = Path(orders.scratch, attempt.isolation)
        if attempt.isolation in ("landlock", "audit") and self._temporary is None:
            self._temporary = _private_temporary()
        ours, theirs = socket.socketpair()
        keeper = os.getpid()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _become(orders, attempt, scratch, self._temporary, theirs, keeper)
        theirs.close()
        with ours:
            words = self._hear(ours)
        return pid, words

    def _hear(self, child: socket.socket) -> dict[str, Any]:
        received = b""
        while True:
            part, descriptors, _, _ = socket.recv_fds(child, 1 << 16, 1)
            if descriptors:
                self._layers = descriptors[0]
                os.set_inheritable(self._layers, False)
            if not part:
                break
            received += part
        last = received.splitlines()[-1] if received else b'{"stage":"isolation","error":"it took too long"}'
        words: dict[str, Any] = json.loads(last)
        return words

    def _watch(self) -> None:
        while self._status is None:
            ready, _, _ = select.select([self._control, self._wake], [], [])
            if self._wake in ready:
                self._reap()
            if self._control in ready:
                self._obey()

    def _obey(self) -> None:
        received = os.read(self._control, 4096)
        if not received:
            self._kill_below()
            sys.exit(0)
        *lines, self._commands = (self._commands + received).split(b"\n")
        for line in lines:
            if line == b"kill":
                self._kill_below()
            elif self._training is None or self._status is not None:
                continue
            elif line == b"terminate":
                _send(self._training, signal.SIGTERM)
                _send(self._training, signal.SIGCONT)
            elif line == b"save":
                _send(self._training, signal.SIGUSR1)

    def _reap(self) -> bool:
        """Collect what has ended; says whether anything is left."""
        with suppress(BlockingIOError):
            os.read(self._wake, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._training:
                self._status = status
                self._say("exited", status=status)

    def _end_leftovers(self) -> None:
        """What a script leaves behind may finish (helpers that clean up do), is asked to end, then made to."""
        if self._are_gone_within(_FINISH_SECONDS):
            return
        for pid in descendants(os.getpid()):
            _send(pid, signal.SIGTERM)
            _send(pid, signal.SIGCONT)
        if not self._are_gone_within(_LEFTOVER_SECONDS):
            self._kill_below()

    def _are_gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._reap():
            ready, _, _ = select.select([self._control, self._wake], [], [], _LOOK_SECONDS)
            if time.monotonic() > deadline or self._control in ready:
                return False
        return True

    def _kill_below(self) -> None:
        """Kill every descendant, again and again until there is none: one may fork while another is being killed."""
        told = False
        deadline = time.monotonic() + _STUCK_SECONDS
        while self._reap():
            below = descendants(os.getpid())
            for pid in below:
                _send(pid, signal.SIGKILL)
            if not kernel.IS_LINUX and self._training is not None:
                # Nothing lists the processes there: the script's own group is what can be reached.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._training, signal.SIGKILL)
            select.select([self._wake], [], [], _LOOK_SECONDS)
            if time.monotonic() > deadline and not told:
                told = True
                self._say("stuck", pids=below)

    def _say_gone(self) -> None:
        import resource

        from .layers import written

        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        files = [] if self._layers is None else written(self._layers)
        self._say(
            "gone",
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            largest_bytes=usage.ru_maxrss * (1024 if kernel.IS_LINUX else 1),
            written=[[file.path, file.size_bytes] for file in files],
        )

    def _remove_temporary(self) -> None:
        if self._temporary is not None:
            remove(self._temporary)

    def _say(self, kind: str, **fields: Any) -> None:
        data = json.dumps({"e": kind, **fields}).encode() + b"\n"
        # Nobody listening means that the supervisor is gone, which the control pipe tells as well.
        with suppress(OSError):
            while data:
                data = data[os.write(self._report_fd, data) :]


def descendants(pid: int) -> list[int]:
    """Every process below ``pid``, parents before children."""
    children: dict[int, list[int]] = {}
    with suppress(OSError):
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with suppress(OSError, IndexError):
                # The command in brackets may hold anything, also brackets.
                parent = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
    found = list(children.get(pid, ()))
    for child in found:
        found += children.get(child, ())
    return found


def _become(
    orders: Orders, attempt: Attempt, scratch: Path, temporary: Path | None, keeper: socket.socket, keeper_pid: int
) -> None:
    """Turn this fork into the training process. Never returns."""
    stage = "isolation"
    try:
        os.setsid()
        _forget_signals()
        signal.alarm(_SETUP_SECONDS)
        _connect(orders)
        folders = [Path(folder) for folder in orders.folders]
        free = [Path(folder) for folder in orders.writable] + ([] if temporary is None else [temporary])
        hidden = Hiding([Path(file) for file in orders.hidden])
        if attempt.isolation != "overlay":
            hidden.cover()  # a process under kernel rules may not mount any more
        layers = isolate(attempt.isolation, scratch=scratch, folders=folders, free=free)
        if attempt.isolation == "overlay":
            hidden.cover(in_own_namespace=True)
        found = hidden.look()
        stage = "start"
        os.chdir(orders.working_dir)
        environment = {**orders.environment, **attempt.environment}
        if attempt.isolation in ("landlock", "audit") and temporary is not None:
            environment["TMPDIR"] = str(temporary)
        told = json.dumps({} if found is None else {"labels": found}).encode() + b"\n"
        socket.send_fds(keeper, [told], [] if layers is None else [layers])
        signal.alarm(0)
        if kernel.IS_LINUX:
            kernel.die_with_parent(signal.SIGKILL)
            if os.getppid() != keeper_pid:
                os._exit(1)
        os.execve(orders.arguments[0], list(orders.arguments), environment)
    except BaseException as error:  # noqa: BLE001  # the boundary of a process: the parent must hear of anything
        text = _words(error)
        keeper.sendall(json.dumps({"stage": stage, "error": text}).encode() + b"\n")
    finally:
        os._exit(127)


def _words(error: BaseException) -> str:
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error) or type(error).__name__
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"


def _connect(orders: Orders) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (orders.output_fd, 1), (orders.output_fd, 2)):
        os.dup2(source, target)
    os.set_inheritable(orders.events_fd, True)
    os.set_inheritable(orders.output_fd, False)


def _private_temporary() -> Path:
    """A folder for temporary files; its path is short, for a socket's path has room for a hundred characters."""
    folder = Path(os.environ.get("TMPDIR") or "/tmp", f"{TEMPORARY_PREFIX}{os.urandom(4).hex()}")
    folder.mkdir(mode=0o700)
    return folder


def _forget_signals() -> None:
    """A new program starts with the usual answers to signals."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        # Those that cannot be changed (SIGKILL, SIGSTOP) and those of the C library.
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _wake_on_child() -> int:
    """A descriptor that becomes readable when a child has ended."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def main() -> None:
    """Run as a program: control on standard input, reports on standard output."""
    # A closed terminal or a careless `kill` must not part the keeper from what it keeps.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    if kernel.IS_LINUX:
        kernel.adopt_orphans()
    Keeper(control=0, report=1).run()


if __name__ == "__main__":
    main()
