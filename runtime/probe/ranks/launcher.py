"""Starts the ranks of one run, joins what they say, and notices when they wait for one another without end.

To the keeper it is the training process: what ends it ends every rank. The rendezvous is on the loopback address, at
a port that was free a moment ago. Reports of rank 0 are the run's; what the others tell is gathered in ``ranks``.

Invariant: one rank's failure ends all, after a moment in which the others may say what they met. It judges nothing.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from .member_link import Member, encoded

SHORT_SECONDS, LONG_SECONDS, TIMES_STEP = 12.0, 30.0, 10.0
"""Without a step for so long, the ranks are looked at: in a run cut short; in a long one, also so many usual steps."""
BETWEEN_SECONDS, ANSWER_SECONDS = 3.0, 2.0
"""Between two looks, and how long a look waits for answers."""
GRACE_SECONDS, TERM_SECONDS = 5.0, 2.0
"""After the first failure, until the others are asked to end; and then until they are made to."""
TOLD_SECONDS = 10.0
"""How often a long run tells how far each rank is."""
DRAIN_SECONDS = 1.0
WORKING_SECONDS = 0.2
"""Who used more processor time between two looks than this does not stand still."""
HUNG = 76
"""The exit code of a run cut short whose ranks wait for one another."""
SHORT_MODES = ("rehearse", "examine", "dryrun")
_LAUNCH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "launch.py")


class Launcher:
    """One job of several ranks on this machine."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._events: int = settings["events_fd"]
        self._world = int(settings["processes"])
        self._is_short = settings.get("mode") in SHORT_MODES
        self._selector = selectors.DefaultSelector()
        self._members: list[Member] = []
        self._last_sign = time.monotonic()
        self._steps: deque[float] = deque(maxlen=64)
        self._last_step: float | None = None
        self._failed_at: float | None = None
        self._first_failed: Member | None = None
        self._asked_to_end = False
        self._over_at: float | None = None
        self._next_told = time.monotonic() + TOLD_SECONDS
        self._look_at: float | None = None
        self._looked: list[dict[int, dict[str, Any]]] = []
        self._next_look = 0.0
        self._hang: dict[str, Any] | None = None

    def run(self) -> int:
        """Run every rank to its end; returns what to exit with, negative for a signal."""
        os.set_inheritable(self._events, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)
        port = _free_port()
        for rank in range(self._world):
            self._members.append(self._start(rank, port))
        while self._living() or (any(member.is_open for member in self._members) and not self._is_drained()):
            for key, _ in self._selector.select(0.2):
                key.data()
            self._reap()
            self._end_what_is_left()
            self._watch()
            self._tell_how_far()
        self._send_crash()
        self._send_ranks()
        return self._status()

    def _is_drained(self) -> bool:
        """Whether all ranks have ended for a while: what they left behind may keep their pipes open for ever."""
        now = time.monotonic()
        self._over_at = self._over_at or now
        return now - self._over_at > DRAIN_SECONDS

    # -- starting ------------------------------------------------------------------------------------------------------

    def _start(self, rank: int, port: int) -> Member:
        member = Member(rank)
        environment = _environment(rank, self._world, port)
        process = subprocess.Popen(
            [sys.executable, "-u", _LAUNCH],
            stdout=member.output_writer,
            stderr=subprocess.STDOUT,
            env={**environment, "MLINTERN_PROBE": member.settings(self._settings, self._world)},
            pass_fds=member.inherited,
            preexec_fn=_die_with_parent,
            start_new_session=True,
        )
        member.started(process)
        for descriptor, read in ((member.output, self._hear_output), (member.events, self._hear_events)):
            self._selector.register(descriptor, selectors.EVENT_READ, _bound(read, member))
        return member

    def _pass_on(self, number: int, _: Any) -> None:
        """Someone asks the run to end: every rank may save."""
        for member in self._living():
            member.send(number)

    # -- hearing -------------------------------------------------------------------------------------------------------

    def _hear_output(self, member: Member) -> None:
        data = member.read_output()
        if data is None:
            self._selector.unregister(member.output)
            member.close_output()
            return
        _write(1, data)

    def _hear_events(self, member: Member) -> None:
        messages = member.read_events()
        if messages is None:
            self._selector.unregister(member.events)
            member.close_events()
            return
        for line, message in messages:
            if member.take(message):
                member.last_sign = time.monotonic()
                self._sign(member, message)
            if member.rank == 0 and message.get("e") not in ("crash", "rank", "look"):
                _write(self._events, line + b"\n")
            elif message.get("e") == "stuck":
                _write(self._events, member.marked(message))

    def _sign(self, member: Member, message: Mapping[str, Any]) -> None:
        now = time.monotonic()
        self._last_sign = now
        if self._hang is not None and message.get("e") == "progress":
            self._hang["went_on"] = True
            self._hang, hang = None, self._hang
            self._send_ranks(hang)
        if member.rank == 0 and message.get("e") == "progress":
            steps = member.steps - member.steps_before
            if self._last_step is not None and steps > 0:
                self._steps.append((now - self._last_step) / steps)
            self._last_step = now

    # -- ending --------------------------------------------------------------------------------------------------------

    def _living(self) -> list[Member]:
        return [member for member in self._members if member.exit_code is None]

    def _reap(self) -> None:
        for member in self._living():
            if member.poll() is None:
                continue
            self._last_sign = max(self._last_sign, time.monotonic() - 1.0)
            if member.exit_code:
                member.end_workers()
                _write(1, member.last_words())
                if self._first_failed is None and not self._asked_to_end and not member.was_ended:
                    self._first_failed, self._failed_at = member, time.monotonic()

    def _end_what_is_left(self) -> None:
        if self._failed_at is None or not self._living():
            return
        since = time.monotonic() - self._failed_at
        if since > GRACE_SECONDS + TERM_SECONDS:
            self._signal_all(signal.SIGKILL)
        elif since > GRACE_SECONDS and not self._asked_to_end:
            self._asked_to_end = True
            self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: int) -> None:
        for member in self._living():
            member.was_ended = True
            member.send(number)

    def _status(self) -> int:
        if self._hang is not None and self._is_short:
            return HUNG
        if self._first_failed is not None:
            return self._first_failed.exit_code or 1
        return next((member.exit_code for member in self._members if member.exit_code), 0) or 0

    # -- looking -------------------------------------------------------------------------------------------------------

    def _patience(self) -> float:
        given = self._settings.get("patience_seconds")
        if given is not None or self._is_short:
            return float(given or SHORT_SECONDS)
        return max(LONG_SECONDS, TIMES_STEP * (statistics.median(self._steps) if self._steps else 0.0))

    def _watch(self) -> None:
        """Look twice at everybody where no step has come for too long; the same both times is a standstill."""
        now = time.monotonic()
        living = self._living()
        if self._failed_at is not None or self._hang is not None or not living:
            return
        if self._look_at is None:
            if now - self._last_sign >= self._patience() and now >= self._next_look:
                self._look_at = now
                for member in living:
                    member.ask()
            return
        if now - self._look_at < ANSWER_SECONDS and not all(member.look for member in living):
            return
        self._looked.append({member.rank: member.answer() for member in living})
        if len(self._looked) < 2:
            self._look_at, self._next_look = None, now + BETWEEN_SECONDS
            return
        before, after = self._looked[-2:]
        self._looked, self._look_at, self._next_look = [], None, now + self._patience()
        self._tell_looks(before, after, now - self._last_sign)

    def _tell_looks(self, before: dict[int, dict[str, Any]], after: dict[int, dict[str, Any]], seconds: float) -> None:
        if self._last_sign > time.monotonic() - self._patience() or before.keys() != after.keys():
            return  # it went on meanwhile
        same = [rank for rank in after if _same(before[rank], after[rank])]
        waits = [rank for rank in after if after[rank].get("collective") or not after[rank].get("stack")]
        if not waits or len(same) < len(after):
            return  # nobody waits for anybody, or somebody is at work: rank 0 evaluating for all, say
        self._hang = {"seconds": round(seconds, 1), "looks": {str(rank): look for rank, look in after.items()},
                      "same": same, "went_on": False}
        self._send_ranks(self._hang)
        if self._is_short:
            self._asked_to_end = True
            self._signal_all(signal.SIGKILL)

    # -- telling -------------------------------------------------------------------------------------------------------

    def _send_crash(self) -> None:
        """The exception that came first; what the others met because of it only where there is no other."""
        crashed = [member for member in self._members if member.crash is not None]
        first = sorted(crashed, key=lambda member: (member.crash_is_echo, member.crashed_at))
        if first:
            _write(self._events, first[0].marked(first[0].crash or {}))

    def _tell_how_far(self) -> None:
        """In a long run, now and then: how far each rank is, and when it last gave a sign."""
        now = time.monotonic()
        if not self._is_short and now >= self._next_told:
            self._next_told = now + TOLD_SECONDS
            self._send_ranks()

    def _send_ranks(self, hang: dict[str, Any] | None = None) -> None:
        first = None if self._first_failed is None else self._first_failed.rank
        told = {"e": "ranks", "world": self._world, "first_failed": first, "hang": hang or self._hang,
                "ranks": [member.told() for member in self._members]}
        _write(self._events, encoded(told))


def _environment(rank: int, world: int, port: int) -> dict[str, str]:
    """What torchrun would set, for one machine, and the flight recorder's room."""
    told = {
        "RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world, "GROUP_RANK": 0,
        "ROLE_RANK": rank, "ROLE_WORLD_SIZE": world, "GROUP_WORLD_SIZE": 1, "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port, "TORCHELASTIC_RUN_ID": "mlintern", "TORCHELASTIC_RESTART_COUNT": 0,
        "TORCHELASTIC_MAX_RESTARTS": 0,
    }  # fmt: skip
    environment = dict(os.environ)
    for name, value in (("OMP_NUM_THREADS", "1"), ("TORCH_FR_BUFFER_SIZE", "2000"), ("GLOO_SOCKET_IFNAME", "lo")):
        environment.setdefault(name, value)
    return {**environment, **{name: str(value) for name, value in told.items()}}


def alone() -> None:
    """Set up the environment of a job of one rank, for a script that wants a launcher."""
    for name, value in _environment(0, 1, _free_port()).items():
        os.environ.setdefault(name, value)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _same(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a rank has not moved: a long backward pass stands at one line too, and works."""
    cpu = [one for one in (before.get("cpu"), after.get("cpu")) if isinstance(one, (int, float))]
    if len(cpu) == 2 and cpu[1] - cpu[0] > WORKING_SECONDS:
        return False
    return before.get("stack") == after.get("stack") and before.get("count") == after.get("count")


def _bound(read: Callable[[Member], None], member: Member) -> Callable[[], None]:
    return lambda: read(member)


def _write(descriptor: int, data: bytes) -> None:
    """Write all of it; nobody listening any more is no reason to stop."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        return


def _die_with_parent() -> None:
    """Linux kills a rank with its launcher; elsewhere the keeper sees to it."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except (OSError, AttributeError):
        return
